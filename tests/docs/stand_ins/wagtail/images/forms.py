class BaseImageForm:
    """In Wagtail a Django ModelForm with a field `file`."""

    cleaned_data: dict
