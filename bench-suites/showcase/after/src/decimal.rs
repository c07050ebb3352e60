//! Decimal numbers.

/// Reads a decimal number; `None` when there is no digit, anything else, or a number above [`u64::MAX`].
pub fn parse_decimal(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit >= 10 {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_other_text_is_refused() {
        assert_eq!(parse_decimal("18446744073709551615"), Some(u64::MAX));
        assert_eq!(parse_decimal("007"), Some(7));
        assert_eq!(parse_decimal(""), None);
        assert_eq!(parse_decimal("12a"), None);
    }

    #[test]
    fn numbers_that_are_too_large_are_refused() {
        assert_eq!(parse_decimal("18446744073709551616"), None);
    }
}
