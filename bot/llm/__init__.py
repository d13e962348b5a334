"""The model client: admission, retry and deadlines over litellm."""
