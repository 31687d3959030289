"""Reading invoice files: 数电票 XML, OFD, PDF text and QR codes, in a confined child, without a database.

What is read is what the file says. It is not verification: whether an invoice is genuine is looked up on the tax
authority's platform by a person, and recorded as such.
"""
