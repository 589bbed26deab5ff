//! A place that answers each HTTP request with its name.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Answers until the process ends.
pub(crate) struct Endpoint {
    asked: Arc<AtomicUsize>,
}

impl Endpoint {
    /// Listens in the network of the calling thread.
    pub(super) fn start(address: SocketAddrV4, name: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, name) = (Arc::clone(&asked), name.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                let name = name.clone();
                // Whoever asked may be gone.
                thread::spawn(move || answer(stream, &name).ok());
            }
        });
        Self { asked }
    }

    /// How often.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn answer(mut stream: TcpStream, name: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let lines = BufReader::new(&stream).lines();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length:";
    write!(stream, "{head} {}\r\n\r\n{name}", name.len())
}
