//! Which relocations are understood, and which of them belong to calls.

use object::elf;

use crate::analysis::code::Target;

/// Types of relocations whose value follows from the place of what they refer to.
pub(super) const UNDERSTOOD: [u32; 32] = [
    elf::R_X86_64_NONE.0,
    elf::R_X86_64_64.0,
    elf::R_X86_64_PC32.0,
    elf::R_X86_64_GOT32.0,
    elf::R_X86_64_PLT32.0,
    elf::R_X86_64_GOTPCREL.0,
    elf::R_X86_64_32.0,
    elf::R_X86_64_32S.0,
    elf::R_X86_64_16.0,
    elf::R_X86_64_PC16.0,
    elf::R_X86_64_8.0,
    elf::R_X86_64_PC8.0,
    elf::R_X86_64_DTPOFF64.0,
    elf::R_X86_64_TPOFF64.0,
    elf::R_X86_64_TLSGD.0,
    elf::R_X86_64_TLSLD.0,
    elf::R_X86_64_DTPOFF32.0,
    elf::R_X86_64_GOTTPOFF.0,
    elf::R_X86_64_TPOFF32.0,
    elf::R_X86_64_PC64.0,
    elf::R_X86_64_GOTOFF64.0,
    elf::R_X86_64_GOTPC32.0,
    elf::R_X86_64_GOT64.0,
    elf::R_X86_64_GOTPCREL64.0,
    elf::R_X86_64_GOTPC64.0,
    elf::R_X86_64_GOTPLT64.0,
    elf::R_X86_64_PLTOFF64.0,
    elf::R_X86_64_GOTPC32_TLSDESC.0,
    elf::R_X86_64_TLSDESC_CALL.0,
    elf::R_X86_64_TLSDESC.0,
    elf::R_X86_64_GOTPCRELX.0,
    elf::R_X86_64_REX_GOTPCRELX.0,
];
/// Whether a relocation belongs to a call of the begin of a function, or to a jump there.
pub(super) fn is_branch(code: &[u8], offset: u64, kind: u32, target: &Target) -> bool {
    // Counted from the end of the instruction, which ends with the four bytes of the relocation.
    let Target::Within { offset: -4, .. } = target else { return false };
    let Some(before) = usize::try_from(offset).ok().and_then(|offset| code.get(..offset)) else {
        return false;
    };
    const DIRECT: [u32; 2] = [elf::R_X86_64_PLT32.0, elf::R_X86_64_PC32.0];
    const INDIRECT: [u32; 2] = [elf::R_X86_64_GOTPCREL.0, elf::R_X86_64_GOTPCRELX.0];
    match before {
        [.., 0xe8 | 0xe9] => DIRECT.contains(&kind),
        [.., 0xff, 0x15 | 0x25] => INDIRECT.contains(&kind),
        _ => false,
    }
}
