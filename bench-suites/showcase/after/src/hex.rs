//! Hexadecimal text.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Some bytes in lowercase hex.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_becomes_two_digits() {
        assert_eq!(to_hex(&[0, 0x9a, 0xff]), "009aff");
        assert_eq!(to_hex(&[]), "");
    }
}
