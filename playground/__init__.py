"""A Discord and an OpenRouter on loopback, for the demo, the tests and the benchmarks; never packaged."""
