"""How much of what people send is read; what they are told of it is in `bot.conversation.extras.unread`."""

from __future__ import annotations

# One question
FILES_AT_ONCE = 2
READ_S = 60.0  # for all of its files, from the first byte on
TEXT_CHARS = 100_000  # of all its files together: some 25,000 tokens
TEXT_CHARS_A_TOKEN = 1.5  # of the model's context: about half of it, so that the conversation has room

# All questions
FILES_AT_ONCE_IN_ALL = 6  # so at most six times FILE_BYTES are in memory

# One file
DOWNLOAD_S = 30.0

# The worker
MEMORY_BYTES = 2**30  # of its address space; Python, Pillow and PDFium take a fifth of it
CPU_S = 10  # for one file
JOB_S = 20.0  # for one file, by the clock
IDLE_S = 10.0  # until a worker without work is ended, and its memory is back
ANSWER_BYTES = 8 * 2**20  # of what it makes of one file

# Pictures
SIDE_PX = 1568  # of the longer side: what Claude reads without scaling, and within what the other families take
PIXELS = 50_000_000  # decoded at once: 200 MB
JPEG_PIXELS = 250_000_000  # a JPEG can be scaled while it's decoded
PNG_BYTES = 1_000_000  # a larger PNG becomes a JPEG

# Documents
UNPACKED_BYTES = 32 * 2**20  # of a docx, xlsx, pptx or their like
PDF_PAGES = 1_000  # read of one PDF
SCAN_CHARS = 16  # on a page at an average: with fewer, its text is a picture
