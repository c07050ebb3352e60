//! Comparisons and histories to text, Markdown and JSON, as strings.
