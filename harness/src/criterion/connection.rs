//! One benchmark process at the other end of Criterion's socket: hello, frames in, `Continue` out.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};

use super::message::{self, LONGEST_FRAME, Message};
use crate::kernel;

const RUNNER_MAGIC: &[u8] = b"cargo-criterion";
const BENCHMARK_MAGIC: &[u8] = b"Criterion";
/// Magic, three version numbers, protocol version and format.
const BENCHMARK_HELLO: usize = BENCHMARK_MAGIC.len() + 3 + 2 + 2;

/// The runner's side of the socket.
pub struct Connection {
    listener: TcpListener,
    port: u16,
    stream: Option<TcpStream>,
    greeted: bool,
    hold_greeting: bool,
    version: Option<[u8; 3]>,
    received: Vec<u8>,
    messages: VecDeque<Message>,
}

impl Connection {
    /// Listens on a free port of the loopback interface.
    pub fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok(Connection {
            listener,
            port,
            stream: None,
            greeted: false,
            hold_greeting: false,
            version: None,
            received: Vec::new(),
            messages: VecDeque::new(),
        })
    }

    /// The port for `CARGO_CRITERION_PORT`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the process has connected.
    pub fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    /// The version of Criterion, once it has said hello.
    pub fn version(&self) -> Option<[u8; 3]> {
        self.version
    }

    /// Keeps the process waiting at start-up until [`Connection::greet`].
    pub fn hold_greeting(&mut self) {
        self.hold_greeting = true;
    }

    /// Lets a process that was held at start-up go on.
    pub fn greet(&mut self) -> io::Result<()> {
        self.hold_greeting = false;
        self.say_hello()
    }

    fn say_hello(&mut self) -> io::Result<()> {
        if self.greeted || self.hold_greeting {
            return Ok(());
        }
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let mut hello = RUNNER_MAGIC.to_vec();
        hello.extend_from_slice(&[1, 1, 0]);
        stream.write_all(&hello)?;
        self.greeted = true;
        Ok(())
    }

    /// The descriptor to wait on.
    pub fn fd(&self) -> RawFd {
        self.stream.as_ref().map_or(self.listener.as_raw_fd(), AsRawFd::as_raw_fd)
    }

    /// Takes in what has arrived.
    ///
    /// # Errors
    /// A transport error, or bytes that are no Criterion protocol.
    pub fn receive(&mut self) -> io::Result<()> {
        if self.stream.is_none() {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nodelay(true)?;
                    kernel::do_not_block(stream.as_raw_fd())?;
                    self.stream = Some(stream);
                    self.say_hello()?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        let Some(stream) = &self.stream else { return Ok(()) };
        let mut chunk = [0u8; 16 << 10];
        loop {
            match kernel::read_now(stream.as_raw_fd(), &mut chunk) {
                Ok(Some(0) | None) => break,
                Ok(Some(count)) => self.received.extend_from_slice(&chunk[..count]),
                // A process that dies resets its socket; its end is seen elsewhere.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(error) => return Err(error),
            }
        }
        kernel::acknowledge_at_once(stream.as_raw_fd())?;
        self.parse()
    }

    fn parse(&mut self) -> io::Result<()> {
        let malformed = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let mut at = 0;
        if self.version.is_none() && self.received.len() >= BENCHMARK_HELLO {
            let hello = &self.received[..BENCHMARK_HELLO];
            let Some(rest) = hello.strip_prefix(BENCHMARK_MAGIC) else {
                return Err(malformed("the benchmark does not speak Criterion's protocol".into()));
            };
            self.version = Some([rest[0], rest[1], rest[2]]);
            at = BENCHMARK_HELLO;
        }
        while self.version.is_some() && self.received.len() - at >= 4 {
            let length = self.received[at..at + 4].iter().fold(0u32, |n, &byte| n << 8 | u32::from(byte));
            if length > LONGEST_FRAME {
                return Err(malformed(format!("a Criterion message of {length} bytes")));
            }
            let Some(frame) = self.received.get(at + 4..at + 4 + length as usize) else { break };
            self.messages.push_back(message::decode(frame).map_err(malformed)?);
            at += 4 + length as usize;
        }
        self.received.drain(..at);
        Ok(())
    }

    /// The next message that has arrived.
    pub fn next_message(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    /// Lets Criterion go on after a benchmark or a group.
    pub fn send_continue(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Some(stream) => stream.write_all(&message::continue_frame()),
            None => Err(io::Error::from(io::ErrorKind::NotConnected)),
        }
    }
}
