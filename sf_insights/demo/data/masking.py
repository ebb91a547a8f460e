"""How Classic Encryption masks a value for a user without the permission View Encrypted Data.

Source: Salesforce Help, "Custom Field Attributes", mask type and mask character.
"""

MASK_CHARACTERS = frozenset({"*", "X"})
MASK_TYPES = frozenset({"all", "lastFour", "creditCard", "nino", "ssn", "sin"})


def masked(text: str | None, mask_type: str, character: str) -> str | None:
    """Return a value masked in the form of the mask type, with the field's mask character."""
    if text is None:
        return None
    last = text[-4:] if len(text) > 4 else character * len(text)
    three, two = 3 * character, 2 * character
    match mask_type:
        case "all":
            return character * len(text)
        case "creditCard":
            return f"{'-'.join([4 * character] * 3)}-{last}"
        case "nino":
            return f"{' '.join([two] * 4)} {character}"
        case "ssn":
            return f"{three}-{two}-{last}"
        case "sin":
            return f"{three}-{two}{last[0]}-{last[1:]}"
        case _:
            return character * (len(text) - len(last)) + last
