-- How many data files the tables with each name have; the lake tells the schema only by a number of its own.
SELECT table_name, sum(file_count)::BIGINT FROM ducklake_table_info('lake') GROUP BY table_name;
