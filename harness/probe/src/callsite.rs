//! Tells the clock reads of a benchmark harness apart by where they were called from.
//!
//! A harness reads the clock at a few fixed places. While it warms up, each read is unwound once; afterwards a read
//! is recognised by comparing a handful of return addresses at known distances above the hook's own frame, which
//! costs a nanosecond. Distances are safe to follow one by one: when a return address matches, the frame it returns
//! into is the same function, so the next slot exists.

use core::ffi::{c_int, c_void};

/// Frames above the hook that are looked at.
const DEPTH: usize = 8;

/// One return address and where it lies above the hook's return address.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Frame {
    distance: usize,
    address: usize,
}

/// The innermost callers of one clock read, nearest first.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Callers {
    frames: [Frame; DEPTH],
    len: usize,
}

/// What suffices to recognise one call site.
#[derive(Clone, Copy, Default)]
pub struct Signature {
    callers: Callers,
    needed: usize,
}

unsafe extern "C" {
    fn _Unwind_Backtrace(
        visit: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
    fn _Unwind_GetCFA(context: *mut c_void) -> usize;
}

/// Return addresses from a place on the stack outwards.
struct Outwards<'a> {
    return_slot: usize,
    reached: bool,
    take: &'a mut dyn FnMut(usize) -> bool,
}

struct Walk {
    return_slot: usize,
    reached: bool,
    callers: Callers,
}

extern "C" fn visit(context: *mut c_void, argument: *mut c_void) -> c_int {
    // SAFETY: `argument` is the Walk that `Callers::of` lends for the duration of the backtrace.
    let walk = unsafe { &mut *argument.cast::<Walk>() };
    // SAFETY: the context is the unwinder's own.
    let (address, slot) = unsafe { (_Unwind_GetIP(context), _Unwind_GetCFA(context).wrapping_sub(8)) };
    walk.reached |= slot == walk.return_slot;
    if walk.reached && walk.callers.len < DEPTH {
        walk.callers.frames[walk.callers.len] =
            Frame { distance: slot.wrapping_sub(walk.return_slot), address };
        walk.callers.len += 1;
    }
    // Any value but 0 ends the walk.
    c_int::from(walk.callers.len == DEPTH)
}

extern "C" fn visit_outwards(context: *mut c_void, argument: *mut c_void) -> c_int {
    // SAFETY: `argument` is the Outwards that `walk_stack` lends for the duration of the backtrace.
    let walk = unsafe { &mut *argument.cast::<Outwards<'_>>() };
    // SAFETY: the context is the unwinder's own.
    let (address, slot) = unsafe { (_Unwind_GetIP(context), _Unwind_GetCFA(context).wrapping_sub(8)) };
    walk.reached |= slot == walk.return_slot;
    c_int::from(walk.reached && !(walk.take)(address))
}

/// Gives all return addresses from the hook's own at `return_slot` outwards, until `take` has enough.
pub fn walk_stack(return_slot: usize, take: &mut dyn FnMut(usize) -> bool) {
    let mut walk = Outwards { return_slot, reached: false, take };
    // SAFETY: `visit_outwards` gets back the pointer it is given here.
    unsafe { _Unwind_Backtrace(visit_outwards, (&raw mut walk).cast()) };
}

impl Callers {
    /// Unwinds from the hook whose return address lies at `return_slot`.
    pub fn of(return_slot: usize) -> Callers {
        let mut walk = Walk { return_slot, reached: false, callers: Callers::default() };
        // SAFETY: `visit` gets back the pointer it is given here.
        unsafe { _Unwind_Backtrace(visit, (&raw mut walk).cast()) };
        walk.callers
    }

    /// How many of the nearest callers are the same.
    pub fn shared_with(&self, other: &Callers) -> usize {
        let alike = |k: usize| k < self.len && k < other.len && self.frames[k] == other.frames[k];
        (0..DEPTH).position(|k| !alike(k)).unwrap_or(DEPTH)
    }

    /// The shortest signature that none of `others` matches; `None` when one of them is alike.
    pub fn signature(&self, others: &[Callers]) -> Option<Signature> {
        let mut needed = 1;
        for other in others {
            needed = needed.max(self.shared_with(other) + 1);
        }
        (self.len >= needed).then_some(Signature { callers: *self, needed })
    }
}

impl Signature {
    /// Whether the hook whose return address lies at `return_slot` was called from this site.
    #[inline(always)]
    pub fn matches(&self, return_slot: usize) -> bool {
        for frame in &self.callers.frames[..self.needed] {
            // SAFETY: the frames nearer than this one matched, so this slot lies in a live frame of the same function.
            let address = unsafe { *((return_slot + frame.distance) as *const usize) };
            if address != frame.address {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callers(addresses: &[usize]) -> Callers {
        let mut callers = Callers::default();
        for (k, &address) in addresses.iter().enumerate() {
            callers.frames[k] = Frame { distance: 16 * k, address };
        }
        callers.len = addresses.len();
        callers
    }

    #[test]
    fn a_signature_needs_as_many_callers_as_tell_it_from_the_others() {
        let start = callers(&[1, 2, 3]);
        let inner = callers(&[1, 2, 4]);
        let end = callers(&[1, 7, 3]);
        assert_eq!(start.signature(&[inner, end]).map(|s| s.needed), Some(3));
        assert_eq!(start.signature(&[end]).map(|s| s.needed), Some(2));
        assert!(start.signature(&[start]).is_none());
    }

    #[test]
    fn a_signature_matches_the_stack_it_was_taken_from_and_no_other() {
        let stack = [10usize, 0, 20, 0, 30];
        let taken = callers(&[10, 20, 30]);
        let signature = taken.signature(&[callers(&[10, 20, 31])]).unwrap();
        assert!(signature.matches(stack.as_ptr() as usize));
        let other = [10usize, 0, 20, 0, 31];
        assert!(!signature.matches(other.as_ptr() as usize));
    }
}
