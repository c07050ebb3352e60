//! The artifacts of a profile with plain and with nasty names.
