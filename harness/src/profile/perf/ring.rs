//! The ring buffer in which the kernel hands over its records.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use perf_event_open_sys::bindings::perf_event_mmap_page;

use super::records::{HEADER, record_len};

/// A mapped ring buffer. The kernel is the only writer, and this the only reader.
pub(super) struct Ring {
    page: NonNull<perf_event_mmap_page>,
    mapped_len: usize,
    data: NonNull<u8>,
    data_len: usize,
}

// SAFETY: the mapping belongs to this value alone, and the kernel does not care which thread reads it.
unsafe impl Send for Ring {}

impl Ring {
    /// Maps the buffer of an event, of this size or as much less as the limits on locked memory leave; `sizes` are
    /// powers of two in bytes, the best first.
    pub(super) fn map(event: BorrowedFd<'_>, sizes: &[usize]) -> io::Result<Ring> {
        let mut refused = io::Error::from(io::ErrorKind::InvalidInput);
        for size in sizes {
            match Ring::map_one(event, *size) {
                Ok(ring) => return Ok(ring),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn map_one(event: BorrowedFd<'_>, size: usize) -> io::Result<Ring> {
        // SAFETY: no pointers.
        let page_len = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let mapped_len = page_len + size;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh mapping at an address of the kernel's choice.
        let address = unsafe {
            libc::mmap(std::ptr::null_mut(), mapped_len, protection, libc::MAP_SHARED, event.as_raw_fd(), 0)
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let Some(page) = NonNull::new(address.cast::<perf_event_mmap_page>()) else {
            return Err(io::Error::other("the buffer was mapped nowhere"));
        };
        // SAFETY: the data begin one page behind the beginning, inside of the mapping.
        let data = unsafe { page.cast::<u8>().add(page_len) };
        Ok(Ring { page, mapped_len, data, data_len: size })
    }

    /// Hands every record that is there to `take`, and gives its room back to the kernel.
    pub(super) fn drain(&mut self, mut take: impl FnMut(&[u8])) {
        let mut record = Vec::new();
        let (head, mut tail) =
            (self.position(true).load(Ordering::Acquire), self.position(false).load(Ordering::Relaxed));
        while head.wrapping_sub(tail) >= HEADER as u64 {
            let mut header = [0u8; HEADER];
            self.copy(tail, &mut header);
            // A length that cannot be ends the reading: what follows it has no beginning.
            let Some(len) = record_len(header).filter(|len| *len as u64 <= head.wrapping_sub(tail)) else {
                tail = head;
                break;
            };
            record.resize(len, 0);
            self.copy(tail, &mut record);
            take(&record);
            tail = tail.wrapping_add(len as u64);
        }
        self.position(false).store(tail, Ordering::Release);
    }

    /// The kernel's position (`head`) or ours.
    fn position(&self, head: bool) -> &AtomicU64 {
        let page = self.page.as_ptr();
        // SAFETY: the fields are aligned, live as long as the mapping, and are shared with the kernel, which accesses them
        // atomically.
        unsafe {
            let field = if head { &raw mut (*page).data_head } else { &raw mut (*page).data_tail };
            AtomicU64::from_ptr(field)
        }
    }

    /// Copies bytes out, around the end of the buffer if need be.
    fn copy(&self, from: u64, to: &mut [u8]) {
        let at = (from % self.data_len as u64) as usize;
        let first = to.len().min(self.data_len - at);
        // SAFETY: both parts lie inside of the buffer, and the kernel does not write between tail and head.
        unsafe {
            let data = self.data.as_ptr();
            std::ptr::copy_nonoverlapping(data.add(at), to.as_mut_ptr(), first);
            std::ptr::copy_nonoverlapping(data, to.as_mut_ptr().add(first), to.len() - first);
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by this value and is not used any more.
        unsafe { libc::munmap(self.page.as_ptr().cast(), self.mapped_len) };
    }
}
