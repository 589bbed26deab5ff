//! Requests without a pause, and what became of them.
#![allow(dead_code, reason = "the tests and the example each take what they need")]

use std::collections::BTreeMap;
use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONNECTION, HOST};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

#[cfg(test)]
pub(crate) use tests::tests;

/// How long an answer may take, and how long to wait for a number of them.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a load that nobody stops stops by itself.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Between two attempts to connect, so that a server that is away is not asked as fast as one can.
const BEFORE_CONNECTING_AGAIN: Duration = Duration::from_millis(10);

/// How many failures are kept in their own words.
const KEPT: usize = 10;

/// What became of the requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// All of them; those that were answered and those that were not.
    pub(crate) requests: u64,
    /// How many were answered with each status.
    pub(crate) by_status: BTreeMap<u16, u64>,
    /// The first failures in words: to connect, and to get an answer.
    pub(crate) failures: Vec<String>,
    /// How many were sent on a connection that broke before the answer was there.
    pub(crate) dropped: u64,
}

/// What became of one request.
enum Fate {
    Answered(u16),
    Dropped(String),
    Failed(String),
}

impl Outcome {
    fn add(&mut self, fate: Fate) {
        self.requests += 1;
        let failure = match fate {
            Fate::Answered(status) => return *self.by_status.entry(status).or_default() += 1,
            Fate::Dropped(words) => {
                self.dropped += 1;
                words
            }
            Fate::Failed(words) => words,
        };
        if self.failures.len() < KEPT {
            self.failures.push(failure);
        }
    }
}

/// Requests that go on, on connections that are kept, until they are stopped.
pub(crate) struct Load {
    client: Arc<Client>,
    workers: Vec<JoinHandle<()>>,
}

/// What the workers share.
struct Client {
    connect: Box<dyn Fn() -> io::Result<TcpStream> + Send + Sync>,
    host: String,
    path: String,
    end: Instant,
    tally: Mutex<Tally>,
    changed: Condvar,
}

#[derive(Default)]
struct Tally {
    outcome: Outcome,
    stopped: bool,
}

impl Load {
    /// Starts so many workers, each on a connection of its own, with `GET path` for the host.
    pub(crate) fn start(
        connect: impl Fn() -> io::Result<TcpStream> + Send + Sync + 'static,
        workers: usize,
        host: &str,
        path: &str,
    ) -> Self {
        let client = Arc::new(Client {
            connect: Box::new(connect),
            host: host.to_owned(),
            path: path.to_owned(),
            end: Instant::now() + LONGEST,
            tally: Mutex::default(),
            changed: Condvar::new(),
        });
        let worker = |client: Arc<Client>| std::thread::spawn(move || client.work());
        let workers = (0..workers).map(|_| worker(Arc::clone(&client))).collect();
        Self { client, workers }
    }

    /// Waits until so many requests more are done that began after this.
    pub(crate) fn wait_for(&self, requests: u64) {
        let tally = self.client.tally();
        let under_way = self.workers.len() as u64;
        let wanted = tally.outcome.requests + under_way + requests;
        let too_few = |tally: &mut Tally| tally.outcome.requests < wanted;
        let (tally, waited) =
            self.client.changed.wait_timeout_while(tally, PATIENCE, too_few).unwrap();
        let outcome = tally.outcome.clone();
        drop(tally);
        assert!(!waited.timed_out(), "{PATIENCE:?} were too short for {wanted}: {outcome:?}");
    }

    /// Ends the requests that are under way, and tells what became of all.
    pub(crate) fn stop(mut self) -> Outcome {
        self.client.tally().stopped = true;
        for worker in self.workers.drain(..) {
            worker.join().unwrap();
        }
        self.client.tally().outcome.clone()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.client.tally().stopped = true;
    }
}

impl Client {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap()
    }

    fn goes_on(&self) -> bool {
        !self.tally().stopped && Instant::now() < self.end
    }

    fn note(&self, fate: Fate) {
        self.tally().outcome.add(fate);
        self.changed.notify_all();
    }

    fn work(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            while self.goes_on() {
                match self.connected().await {
                    Ok(sender) => self.ask_on(sender).await,
                    Err(error) => {
                        self.note(Fate::Failed(format!("cannot connect: {error}")));
                        tokio::time::sleep(BEFORE_CONNECTING_AGAIN).await;
                    }
                }
            }
        });
    }

    async fn connected(&self) -> io::Result<SendRequest<Body>> {
        let stream = (self.connect)()?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let stream = TokioIo::new(tokio::net::TcpStream::from_std(stream)?);
        let (sender, connection) = handshake(stream).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }

    /// One request after the other, as long as the server keeps the connection.
    async fn ask_on(&self, mut sender: SendRequest<Body>) {
        let mut fresh = true;
        while self.goes_on() {
            match timeout(PATIENCE, self.ask(&mut sender)).await {
                Ok(Ok((status, kept))) => {
                    self.note(Fate::Answered(status));
                    if !kept {
                        return;
                    }
                    fresh = false;
                }
                Ok(Err(error)) if !fresh && is_unsent(&error) => return,
                Ok(Err(error)) => return self.note(Fate::Dropped(words(&error))),
                Err(_) => return self.note(Fate::Failed(format!("no answer in {PATIENCE:?}"))),
            }
        }
    }

    /// The status of one answer, and whether the server keeps the connection after it.
    async fn ask(&self, sender: &mut SendRequest<Body>) -> Result<(u16, bool), axum::Error> {
        sender.ready().await.map_err(axum::Error::new)?;
        let request = Request::get(&self.path).header(HOST, &self.host).body(Body::empty());
        let answer = sender.send_request(request.unwrap()).await.map_err(axum::Error::new)?;
        let closes = answer.headers().get(CONNECTION).is_some_and(|value| value == "close");
        let status = answer.status().as_u16();
        to_bytes(Body::new(answer.into_body()), usize::MAX).await?;
        Ok((status, !closes))
    }
}

/// Whether the connection was closed before anything of this request was sent on it.
fn is_unsent(error: &axum::Error) -> bool {
    let error = std::error::Error::source(error).and_then(|error| error.downcast_ref());
    error.is_some_and(|error: &hyper::Error| error.is_canceled() || error.is_closed())
}

/// An error with what is behind it.
fn words(error: &axum::Error) -> String {
    let behind = std::iter::successors(std::error::Error::source(error), |error| error.source());
    behind.fold(error.to_string(), |words, error| match error.to_string() {
        same if words.ends_with(&same) => words,
        more => format!("{words}: {more}"),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::bundles::Shelf;

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// A server that reads a request on each connection, says this, and closes it.
    fn says_once(words: &'static [u8]) -> SocketAddr {
        let (listener, address) = listener();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let lines = BufReader::new(&connection).lines().map(Result::unwrap);
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                connection.write_all(words).unwrap();
            }
        });
        address
    }

    fn every_answer_is_counted_by_its_status() {
        let (listener, address) = listener();
        let shelf = Shelf::serve(listener);
        shelf.put("ip", b"{}".to_vec());
        let load = Load::start(move || TcpStream::connect(address), 3, "httpbin", "/ip");
        load.wait_for(20);
        shelf.remove("ip");
        load.wait_for(20);
        let outcome = load.stop();

        assert_eq!(outcome.requests, shelf.requests("ip") as u64);
        assert_eq!(outcome.by_status.keys().collect::<Vec<_>>(), [&200, &404]);
        assert!(outcome.by_status.values().all(|count| *count >= 20), "{outcome:?}");
        assert_eq!(outcome.by_status.values().sum::<u64>(), outcome.requests);
        assert_eq!((outcome.dropped, outcome.failures), (0, Vec::new()));
    }

    fn each_worker_keeps_its_connection() {
        let (listener, address) = listener();
        let _shelf = Shelf::serve(listener);
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let connect = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            TcpStream::connect(address)
        };
        let load = Load::start(connect, 2, "httpbin", "/ip");
        load.wait_for(50);
        load.stop();
        assert_eq!(connections.load(Ordering::Relaxed), 2);
    }

    fn a_connection_that_the_server_closes_after_its_answer_is_no_failure() {
        let address =
            says_once(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let load = Load::start(move || TcpStream::connect(address), 2, "httpbin", "/ip");
        load.wait_for(20);
        let outcome = load.stop();
        assert_eq!(outcome.by_status, BTreeMap::from([(200, outcome.requests)]));
        assert_eq!((outcome.dropped, outcome.failures), (0, Vec::new()));
    }

    fn a_connection_that_breaks_under_a_request_is_told() {
        for words in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"] {
            let address = says_once(words);
            let load = Load::start(move || TcpStream::connect(address), 2, "httpbin", "/ip");
            load.wait_for(20);
            let outcome = load.stop();
            assert_eq!(outcome.dropped, outcome.requests);
            assert_eq!(outcome.by_status, BTreeMap::new());
            assert_eq!(outcome.failures.len(), KEPT);
        }
    }

    fn a_server_that_hangs_up_at_once_is_told() {
        let (listener, address) = listener();
        std::thread::spawn(move || listener.incoming().for_each(drop));
        let load = Load::start(move || TcpStream::connect(address), 2, "httpbin", "/ip");
        load.wait_for(20);
        let outcome = load.stop();
        assert_eq!(outcome.dropped, outcome.requests, "{outcome:?}");
    }

    fn a_refused_connection_is_told_in_its_words() {
        let refused = || Err(io::Error::from(io::ErrorKind::ConnectionRefused));
        let load = Load::start(refused, 1, "httpbin", "/ip");
        load.wait_for(3);
        let outcome = load.stop();
        assert_eq!(outcome.failures[0], "cannot connect: connection refused");
        assert_eq!((outcome.dropped, outcome.by_status), (0, BTreeMap::new()));
    }

    crate::tests! {
        every_answer_is_counted_by_its_status,
        each_worker_keeps_its_connection,
        a_connection_that_the_server_closes_after_its_answer_is_no_failure,
        a_connection_that_breaks_under_a_request_is_told,
        a_server_that_hangs_up_at_once_is_told,
        a_refused_connection_is_told_in_its_words,
    }
}
