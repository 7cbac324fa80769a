"""The little of Wagtail that an example of the documentation needs; Wagtail itself is a large program."""
