"""Papers as they are read back."""

from io import BytesIO

from pypdf import PdfReader


def words_of(content: bytes) -> str:
    """The words of a PDF, as a reader of another maker finds them."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
