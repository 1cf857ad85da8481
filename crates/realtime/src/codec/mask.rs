//! Masking: exclusive or with four bytes, over and over (RFC 6455, section 5.3).

/// Masks or unmasks `bytes` in place and turns `mask`, so that the next piece of the same payload goes on from there.
pub(super) fn apply(bytes: &mut [u8], mask: &mut [u8; 4]) {
    // Whole words of 16 bytes, which the compiler turns into vector instructions; 16 is a multiple of 4, so the mask
    // stays in phase.
    let wide = u128::from_ne_bytes(std::array::from_fn(|index| mask[index % 4]));
    let (words, tail) = bytes.as_chunks_mut::<16>();
    for word in words {
        *word = (u128::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
    mask.rotate_left(tail.len() % 4);
}

#[cfg(test)]
mod tests {
    use super::apply;

    #[test]
    fn any_split_masks_like_byte_by_byte() {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let plain: Vec<u8> = (0..=255).collect();
        let masked: Vec<u8> = plain.iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]).collect();
        for split in 0..plain.len() {
            let mut bytes = plain.clone();
            let mut turned = mask;
            let (left, right) = bytes.split_at_mut(split);
            apply(left, &mut turned);
            apply(right, &mut turned);
            assert_eq!(bytes, masked, "split at {split}");
        }
    }
}
