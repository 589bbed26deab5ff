//! The door: connections are taken in, each handshake on its own, and handed on once it is known
//! who shows which certificate.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;
use tracing::{debug, warn};

use super::caller::Peer;
use super::metrics::{Counted, Metrics};
use super::seats::{Seat, Seats};
use crate::identity::x509::Certificate;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// How long a connection may be silent. A peer that is there answers the questions that HTTP/2 asks
/// more often than that.
const SILENCE: Duration = Duration::from_secs(90);

/// How long to wait where no connection can be taken in, as when there are no file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections in.
pub(super) struct Door {
    tls: watch::Receiver<Arc<ServerConfig>>,
    seats: Seats,
    metrics: Metrics,
}

impl Door {
    /// A door to so many seats.
    pub(super) fn new(
        tls: watch::Receiver<Arc<ServerConfig>>,
        seats: Seats,
        metrics: Metrics,
    ) -> Self {
        Self { tls, seats, metrics }
    }

    /// Takes connections in for ever.
    pub(super) async fn accept(
        self,
        listener: TcpListener,
        connections: mpsc::Sender<io::Result<Connection>>,
    ) {
        loop {
            let (tcp, address) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "no connection can be taken in");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let Some(seat) = self.seats.take(address.ip()) else {
                self.metrics.turned_away.inc();
                continue;
            };
            let seat = (seat, Counted::new(&self.metrics.connections));
            let (tls, metrics) = (Arc::clone(&self.tls.borrow()), self.metrics.clone());
            let connections = connections.clone();
            tokio::spawn(async move {
                match handshake(tcp, address, tls, seat).await {
                    // At the end nobody takes it.
                    Ok(connection) => drop(connections.send(Ok(connection)).await),
                    Err(error) => {
                        metrics.failed_handshakes.inc();
                        debug!(%address, %error, "no handshake");
                    }
                }
            });
        }
    }
}

async fn handshake(
    tcp: TcpStream,
    address: SocketAddr,
    tls: Arc<ServerConfig>,
    seat: (Seat, Counted),
) -> io::Result<Connection> {
    // An answer that waits for the acknowledgement of the one before it comes 40 ms late.
    tcp.set_nodelay(true)?;
    let stream = timeout(HANDSHAKE, TlsAcceptor::from(tls).accept(tcp)).await??;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let chain = shown.iter().map(|der| Certificate::from_der(der.clone().into_owned()));
    let chain = chain.collect::<Result<_, _>>().map_err(io::Error::other)?;
    let now = Instant::now();
    Ok(Connection {
        stream,
        peer: Peer::new(address, chain),
        heard: now,
        silence: Box::pin(sleep_until(now + SILENCE)),
        _seat: seat,
    })
}

/// A connection whose handshake is done. It ends when its peer is silent for too long.
pub(super) struct Connection {
    stream: TlsStream<TcpStream>,
    peer: Peer,
    heard: Instant,
    silence: Pin<Box<Sleep>>,
    _seat: (Seat, Counted),
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, into) {
            self.heard = Instant::now();
            return Poll::Ready(read);
        }
        // The alarm is set anew only when it rings, for that is dearer than to look at the clock.
        loop {
            ready!(self.silence.as_mut().poll(context));
            let end = self.heard + SILENCE;
            if Instant::now() >= end {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.silence.as_mut().reset(end);
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
