//! Looks into built executables: what of them is loaded and run, and which paths they embed.

use std::ops::Range;

use object::elf::{ELF_NOTE_GNU, FileHeader32, FileHeader64, NT_GNU_BUILD_ID, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};
use sha2::{Digest, Sha256};

use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::fingerprint;

/// SHA-256 in lowercase hex over what the system loads from an ELF file: the bytes, addresses and permissions of its
/// loadable segments and the entry point.
///
/// Left out, because they depend on parts of the file that are never loaded: the GNU build id (a hash over the debug
/// information too) and the file header's references to the section table. Take it before any path is replaced, so
/// that equal code gives equal hashes.
///
/// # Errors
/// When the bytes are no well-formed ELF file.
pub fn code_hash(bytes: &[u8]) -> Outcome<String> {
    match FileKind::parse(bytes).or_fail(|| "cannot recognise the format of the executable".into())? {
        FileKind::Elf32 => hash_image::<FileHeader32<Endianness>>(bytes),
        FileKind::Elf64 => hash_image::<FileHeader64<Endianness>>(bytes),
        other => Err(Failure::incomplete(format!("executables of the format `{other:?}` are not supported"))
            .hint("measure on a platform with ELF executables, such as Linux")),
    }
}

/// Replaces every occurrence of `from` by `to`, which has the same length, and says how many there were.
/// With different lengths nothing is replaced, because everything behind would move.
pub fn replace_path(bytes: &mut [u8], from: &[u8], to: &[u8]) -> usize {
    let Some(&first) = from.first().filter(|_| from.len() == to.len()) else { return 0 };
    let mut count = 0;
    let mut at = 0;
    while at + from.len() <= bytes.len() {
        if bytes[at] == first && &bytes[at..at + from.len()] == from {
            bytes[at..at + from.len()].copy_from_slice(to);
            count += 1;
            at += from.len();
        } else {
            at += 1;
        }
    }
    count
}

fn hash_image<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Outcome<String> {
    let broken = || "cannot read the program headers of the executable".to_owned();
    let header = Elf::parse(bytes).or_fail(broken)?;
    let endian = header.endian().or_fail(broken)?;
    let segments = header.program_headers(endian, bytes).or_fail(broken)?;

    let mut image = bytes.to_vec();
    for range in section_table_references(header.is_type_64()) {
        blank(&mut image, range);
    }
    for range in segments.iter().flat_map(|segment| build_ids::<Elf>(segment, endian, bytes)) {
        blank(&mut image, range);
    }

    let mut hasher = Sha256::new();
    hasher.update(header.e_entry(endian).into().to_le_bytes());
    let mut hashed_bytes = 0;
    for segment in segments.iter().filter(|segment| segment.p_type(endian) == PT_LOAD) {
        let content = segment.data(endian, image.as_slice());
        let content =
            content.map_err(|()| Failure::incomplete("a segment lies outside of the executable"))?;
        // Without a bound, a broken header of many segments over the same bytes would keep the hash busy for hours.
        hashed_bytes += content.len();
        if hashed_bytes > bytes.len() {
            return Err(Failure::incomplete("the loadable segments of the executable overlap"));
        }
        let numbers = [
            u64::from(segment.p_flags(endian).0),
            segment.p_vaddr(endian).into(),
            segment.p_memsz(endian).into(),
            segment.p_filesz(endian).into(),
        ];
        numbers.iter().for_each(|number| hasher.update(number.to_le_bytes()));
        hasher.update(content);
    }
    if hashed_bytes == 0 {
        return Err(Failure::incomplete("the executable has no loadable segment"));
    }
    Ok(fingerprint::hex(&hasher.finalize()))
}

/// Where the file header says where the section table is and how long: `e_shoff`, then `e_shnum` and `e_shstrndx`.
fn section_table_references(is_64: bool) -> [Range<usize>; 2] {
    if is_64 { [0x28..0x30, 0x3c..0x40] } else { [0x20..0x24, 0x30..0x34] }
}

/// Where in the file a note segment holds GNU build ids.
fn build_ids<Elf: FileHeader<Endian = Endianness>>(
    segment: &Elf::ProgramHeader,
    endian: Endianness,
    bytes: &[u8],
) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    // A note that cannot be read is not a build id; its bytes are then hashed as they are.
    let Ok(Some(mut notes)) = segment.notes(endian, bytes) else { return ranges };
    while let Ok(Some(note)) = notes.next() {
        if note.name() == ELF_NOTE_GNU && note.n_type(endian) == NT_GNU_BUILD_ID {
            let start = note.desc().as_ptr() as usize - bytes.as_ptr() as usize;
            ranges.push(start..start + note.desc().len());
        }
    }
    ranges
}

fn blank(image: &mut [u8], range: Range<usize>) {
    if let Some(part) = image.get_mut(range) {
        part.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EHDR: usize = 64;
    const PHDR: usize = 56;

    /// A tiny 64-bit ELF file: one loadable segment over headers, note and code, then something that is not loaded.
    fn tiny_elf(code: &[u8], build_id: [u8; 4], unloaded: &[u8]) -> Vec<u8> {
        let note_at = EHDR + 2 * PHDR;
        let mut note = Vec::new();
        for number in [4u32, 4, 3] {
            note.extend(number.to_le_bytes());
        }
        note.extend(b"GNU\0");
        note.extend(build_id);
        let loaded = note_at + note.len() + code.len();

        let mut elf = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        elf.extend([3, 0, 62, 0, 1, 0, 0, 0]);
        elf.extend(0x1000u64.to_le_bytes());
        elf.extend((EHDR as u64).to_le_bytes());
        elf.extend(((loaded + unloaded.len()) as u64).to_le_bytes());
        elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 64, 0, 0, 0, 0, 0]);
        for (kind, offset, size) in [(1u32, 0, loaded), (4, note_at, note.len())] {
            elf.extend(kind.to_le_bytes());
            elf.extend(5u32.to_le_bytes());
            for number in [offset, offset, offset, size, size, 4] {
                elf.extend((number as u64).to_le_bytes());
            }
        }
        elf.extend(note);
        elf.extend(code);
        elf.extend(unloaded);
        elf
    }

    #[test]
    fn equal_code_hashes_alike_whatever_the_build_id_and_the_debug_information_are() {
        let one = code_hash(&tiny_elf(b"code", [1, 2, 3, 4], b"line 1")).unwrap();
        let other = code_hash(&tiny_elf(b"code", [5, 6, 7, 8], b"many more lines")).unwrap();
        assert_eq!(one, other);
    }

    #[test]
    fn other_code_and_other_permissions_hash_differently() {
        let file = tiny_elf(b"code", [0; 4], b"");
        let mut writable = file.clone();
        writable[EHDR + 4] = 7;
        let hashes =
            [&file, &tiny_elf(b"cold", [0; 4], b""), &writable].map(|bytes| code_hash(bytes).unwrap());
        assert_ne!(hashes[0], hashes[1]);
        assert_ne!(hashes[0], hashes[2]);
    }

    #[test]
    fn what_is_no_executable_is_refused() {
        for bytes in [&b""[..], b"#!/bin/sh", b"\x7fELF", &tiny_elf(b"code", [0; 4], b"")[..100]] {
            assert!(code_hash(bytes).is_err());
        }
    }

    #[test]
    fn this_test_program_can_be_hashed() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(code_hash(&bytes).unwrap().len(), 64);
    }

    #[test]
    fn a_path_is_replaced_wherever_it_stands_and_only_by_one_of_its_length() {
        let mut bytes = b"a /t/000 /t/0000/t/000".to_vec();
        assert_eq!(replace_path(&mut bytes, b"/t/000", b"/t/abc"), 3);
        assert_eq!(bytes, b"a /t/abc /t/abc0/t/abc");
        assert_eq!(replace_path(&mut bytes, b"/t/abc", b"/t/ab"), 0);
        assert_eq!(replace_path(&mut bytes, b"", b""), 0);
        assert_eq!(replace_path(&mut b"ab".to_vec(), b"abc", b"xyz"), 0);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = code_hash(&bytes);
        }

        #[test]
        fn damaged_executables_never_panic(changes in proptest::collection::vec((0..220usize, any::<u8>()), 1..12), cut in 0..240usize) {
            let mut file = tiny_elf(b"some code that runs", [9; 4], b"debug");
            for (at, byte) in changes {
                if let Some(place) = file.get_mut(at) {
                    *place = byte;
                }
            }
            file.truncate(cut.max(16));
            let _ = code_hash(&file);
        }

        #[test]
        fn a_replacement_can_be_undone(prefix in "[a-z/]{0,20}", suffix in "[a-z/]{0,20}") {
            let original = format!("{prefix}/trees/0000{suffix}").into_bytes();
            let mut bytes = original.clone();
            prop_assert_eq!(replace_path(&mut bytes, b"/trees/0000", b"/trees/1a2b"), 1);
            prop_assert_eq!(replace_path(&mut bytes, b"/trees/1a2b", b"/trees/0000"), 1);
            prop_assert_eq!(bytes, original);
        }
    }
}
