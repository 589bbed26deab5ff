//! The server's end of a TLS connection, which tells the service who is at the other.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use marathon_inject::identity::x509::Certificate;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

pub(crate) struct Connection(pub(crate) TlsStream<TcpStream>);

/// The certificate that the client showed.
#[derive(Clone)]
pub(crate) struct Shown(pub(crate) Option<Certificate>);

impl Connected for Connection {
    type ConnectInfo = Shown;

    fn connect_info(&self) -> Shown {
        let (_, tls) = self.0.get_ref();
        let first = tls.peer_certificates().and_then(<[_]>::first);
        Shown(first.map(|der| Certificate::from_der(der.clone().into_owned()).unwrap()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
