"""The cost of paging a reply of a million characters that arrives four at a time: `python -m bench.paging`."""

from __future__ import annotations

import time

from bot.display.text.pager import Pager, paginate

LENGTH, DELTA, LOOK_EVERY = 1_000_000, 4, 50  # characters, characters, deltas
TENTHS = 10
SAMPLE = """## A heading

Some prose with **bold words**, `code`, a [link](https://example.org/page) and https://example.org/another/page. It
goes on for a while, as such prose does, until it has said what it has to say; then there is a list.

- one item
  - a nested one, somewhat longer than the one above it
- ||the last|| \U0001f469\u200d\U0001f4bb

```python
def answer(question: str) -> int:
    # not a heading
    return 42 if question else 0
```

> A quote, and then the same again.

"""


def main() -> None:
    text = (SAMPLE * (LENGTH // len(SAMPLE) + 1))[:LENGTH]
    started = time.perf_counter()
    pages = paginate(text, done=True)
    print(f"{LENGTH:,} characters at once: {len(pages)} pages in {time.perf_counter() - started:.2f} s")
    print(f"the same in deltas of {DELTA} characters, pages taken every {LOOK_EVERY} deltas:")
    print("  part of the reply   feed, us a delta   pages, us a call   pages so far")
    pager = Pager()
    share = LENGTH // TENTHS
    for tenth in range(TENTHS):
        feeding, looking = measure(pager, text[tenth * share : (tenth + 1) * share])
        feed, look = feeding * 1e6 * DELTA / share, looking * 1e6 * DELTA * LOOK_EVERY / share
        print(f"  {tenth * 10:3d} - {tenth * 10 + 10:3d} %{feed:19.2f}{look:19.1f}{len(pager.finished) + 1:15d}")
    assert pager.pages(done=True) == pages


def measure(pager: Pager, text: str) -> tuple[float, float]:
    """Seconds spent feeding a text and looking at the pages."""
    looking = 0.0
    started = time.perf_counter()
    for count, at in enumerate(range(0, len(text), DELTA)):
        pager.feed(text[at : at + DELTA])
        if count % LOOK_EVERY == 0:
            looked = time.perf_counter()
            pager.pages(done=False)
            looking += time.perf_counter() - looked
    return time.perf_counter() - started - looking, looking


if __name__ == "__main__":
    main()
