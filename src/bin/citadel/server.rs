//! The certificates that a server shows, whoever it is: looked at, not trusted.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use marathon_inject::command_line::Failure;
use marathon_inject::identity::x509::Certificate;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

/// How long a server may take to be reached, and then for the whole handshake.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server's address.
#[derive(Clone, Copy)]
pub(crate) struct Address<'a> {
    text: &'a str,
    host: &'a str,
}

/// Whether a text is `host:port`.
pub(crate) fn address(text: &str) -> Option<Address<'_>> {
    let (host, port) = text.rsplit_once(':')?;
    port.parse::<u16>().ok().filter(|port| *port > 0)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty() && !host.contains('/')).then_some(Address { text, host })
}

/// The certificates that a server shows, its own first.
pub(crate) fn certificates(address: Address<'_>) -> Result<Vec<Certificate>, Failure> {
    let wrong = |words: String| Failure::input(format!("{}: {words}", address.text));
    let onlooker =
        Arc::new(Onlooker { provider: aws_lc_rs::default_provider(), seen: Mutex::default() });
    // A server that demands a certificate of ours ends the talk only after it has shown its own.
    let talked = talk(address, Arc::clone(&onlooker)).map_err(|error| error.to_string());
    let seen = std::mem::take(&mut *onlooker.seen.lock().unwrap_or_else(PoisonError::into_inner));
    if seen.is_empty() {
        let words = talked.err().unwrap_or_else(|| "the server shows no certificate".to_owned());
        return Err(wrong(words));
    }
    let read = seen.into_iter().map(Certificate::from_der).collect::<Result<Vec<_>, _>>();
    read.map_err(|error| wrong(format!("its chain {error}")))
}

/// Shakes hands.
fn talk(address: Address<'_>, onlooker: Arc<Onlooker>) -> Result<(), Box<dyn std::error::Error>> {
    let config = ClientConfig::builder_with_provider(Arc::new(onlooker.provider.clone()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(onlooker)
        .with_no_client_auth();
    let name = ServerName::try_from(address.host.to_owned())?;
    let mut client = ClientConnection::new(Arc::new(config), name)?;
    let mut stream = Hasty { stream: connect(address)?, deadline: Instant::now() + PATIENCE };
    while client.is_handshaking() {
        client.complete_io(&mut stream)?;
    }
    Ok(())
}

/// The first of the host's addresses that answers.
fn connect(address: Address<'_>) -> Result<TcpStream, Box<dyn std::error::Error>> {
    let mut last = None;
    for socket in address.text.to_socket_addrs()? {
        match TcpStream::connect_timeout(&socket, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| "the host has no address".into(), Into::into))
}

/// A connection that ends at a moment, however slowly the other side feeds it.
struct Hasty {
    stream: TcpStream,
    deadline: Instant,
}

impl Hasty {
    fn left(&self) -> io::Result<Option<Duration>> {
        match self.deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(too_slow()),
            left => Ok(Some(left)),
        }
    }
}

fn too_slow() -> io::Error {
    let words = format!("no handshake within {} seconds", PATIENCE.as_secs());
    io::Error::new(ErrorKind::TimedOut, words)
}

/// The system says of a time-out that the call would block.
fn in_words(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => too_slow(),
        _ => error,
    }
}

impl Read for Hasty {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer).map_err(in_words)
    }
}

impl Write for Hasty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes).map_err(in_words)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Remembers what it is shown and believes all of it: nothing is sent to the server.
#[derive(Debug)]
struct Onlooker {
    provider: CryptoProvider,
    seen: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = [end_entity].into_iter().chain(intermediates);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            all.map(|der| der.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
