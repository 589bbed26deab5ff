//! `citadel inspect`.

use camino::Utf8Path;
use marathon_inject::citadel::Citadel;
use marathon_inject::command_line::{Failure, print};
use marathon_inject::identity::x509::{
    Bundle, CERT_CHAIN, Certificate, CertificateError, KEY, KeyError, PrivateKey, ROOT_CERT,
    rfc3339, to_pem,
};
use time::OffsetDateTime;

use crate::args::InspectArgs;
use crate::page::{CaFacts, KeyFacts, Kind, Page, Section};
use crate::report::failure;
use crate::server;
use crate::subject::{Subject, subject};

/// Shows what something holds.
pub(crate) fn run(args: &InspectArgs, now: OffsetDateTime) -> Result<(), Failure> {
    let view = View { name: args.subject.clone(), now };
    let path = Utf8Path::new(&args.subject);
    let (page, certificates) = match server::address(&args.subject).filter(|_| !path.exists()) {
        Some(address) => view.server(server::certificates(address)?)?,
        None => match subject(path, now)? {
            Subject::Ca(citadel) => view.ca(&citadel)?,
            Subject::Bundle(bundle) => view.bundle(&bundle)?,
            Subject::Pem(pem) => view.pem(&pem)?,
        },
    };
    let text = if args.pem {
        to_pem(&certificates)
    } else if args.json {
        let mut json = serde_json::to_string_pretty(&page).expect("a page serialises");
        json.push('\n');
        json
    } else {
        page.to_string()
    };
    print(text.as_bytes())
}

/// What is shown, and all its certificates.
type Seen = Result<(Page, Vec<Certificate>), Failure>;

struct View {
    name: String,
    now: OffsetDateTime,
}

impl View {
    fn page(&self, kind: Kind, sections: Vec<Section>) -> Page {
        Page { name: self.name.clone(), kind, ca: None, sections, private_key: None }
    }

    fn section(&self, name: impl Into<String>, certificates: &[Certificate]) -> Section {
        Section::new(name, certificates, self.now)
    }

    fn ca(&self, citadel: &Citadel) -> Seen {
        let mut page = self.page(Kind::Ca, Vec::new());
        let members =
            [Some((citadel.active(), "signs")), citadel.other().map(|it| (it, "trusted"))];
        for (member, part) in members.into_iter().flatten() {
            let leaves = match member.leaves_until {
                Some(moment) => format!("its leaves end by {}", rfc3339(moment)),
                None => "no leaves".to_owned(),
            };
            let chain = [member.authority.intermediates(), member.authority.roots()].concat();
            page.sections.push(self.section(format!("{}: {part}, {leaves}", member.id), &chain));
            if let former @ [_, ..] = member.authority.former() {
                let name = format!("{}: before it was renewed, for pins", member.id);
                page.sections.push(self.section(name, former));
            }
        }
        page.ca = Some(CaFacts {
            trust_domain: citadel.trust_domain().to_string(),
            rotation: citadel.phase().to_string(),
            next_step_from: citadel.due().map(rfc3339),
            leftovers: citadel.leftovers().map_err(failure)?,
        });
        Ok((page, citadel.roots()))
    }

    fn bundle(&self, bundle: &Bundle) -> Seen {
        let read = |name: &str, pem: &[u8]| {
            Certificate::all_from_pem(pem).map_err(|e| self.wrong(name, &e))
        };
        let chain = read(CERT_CHAIN, &bundle.cert_chain)?;
        let roots = read(ROOT_CERT, &bundle.root_cert)?;
        let sections = vec![self.section(CERT_CHAIN, &chain), self.section(ROOT_CERT, &roots)];
        let mut page = self.page(Kind::Bundle, sections);
        let key = PrivateKey::from_pem(&bundle.key);
        page.private_key = Some(KeyFacts::new(KEY, key, chain.first()));
        Ok((page, [chain, roots].concat()))
    }

    /// Certificates, or a key.
    fn pem(&self, pem: &[u8]) -> Seen {
        match PrivateKey::from_pem(pem) {
            Ok(key) => {
                let mut page = self.page(Kind::PrivateKey, Vec::new());
                page.private_key = Some(KeyFacts::new(&self.name, Ok(key), None));
                Ok((page, Vec::new()))
            }
            Err(KeyError::Missing | KeyError::NotAlone) => {
                let all = Certificate::all_from_pem(pem).map_err(|e| self.wrong("", &e))?;
                let sections = vec![self.section("certificates", &all)];
                Ok((self.page(Kind::Certificates, sections), all))
            }
            Err(error) => Err(Failure::input(format!("{} {error}", self.name))),
        }
    }

    fn server(&self, chain: Vec<Certificate>) -> Seen {
        let sections = vec![self.section("certificates", &chain)];
        Ok((self.page(Kind::Server, sections), chain))
    }

    fn wrong(&self, file: &str, error: &CertificateError) -> Failure {
        let space = if file.is_empty() { "" } else { ": " };
        Failure::input(format!("{}{space}{file} {error}", self.name))
    }
}
