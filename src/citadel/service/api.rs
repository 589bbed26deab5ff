//! The two generations of Istio's API, over one way to a certificate.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::issuance::{Issuance, Wanted};
use crate::identity::x509::{Certificate, to_pem};
use crate::proto::ca::istio_ca_service_server::IstioCaService;
use crate::proto::ca::istio_certificate_service_server::IstioCertificateService;
use crate::proto::ca::{
    CsrRequest, CsrResponse, IstioCertificateRequest, IstioCertificateResponse,
};

/// Both.
#[derive(Clone)]
pub(super) struct Api(pub(super) Arc<Issuance>);

#[tonic::async_trait]
impl IstioCaService for Api {
    async fn handle_csr(
        &self,
        request: Request<CsrRequest>,
    ) -> Result<Response<CsrResponse>, Status> {
        let CsrRequest { csr_pem, requested_ttl_minutes, .. } = request.get_ref();
        let seconds = i64::from(*requested_ttl_minutes) * 60;
        let wanted = Wanted { api: "HandleCSR", csr: csr_pem, seconds };
        let issued = self.0.issue(&request, wanted).await?;
        Ok(Response::new(CsrResponse {
            is_approved: true,
            status: None,
            signed_cert: issued.leaf.to_pem().into_bytes(),
            cert_chain: to_pem(&issued.intermediates).into_bytes(),
        }))
    }
}

#[tonic::async_trait]
impl IstioCertificateService for Api {
    async fn create_certificate(
        &self,
        request: Request<IstioCertificateRequest>,
    ) -> Result<Response<IstioCertificateResponse>, Status> {
        let IstioCertificateRequest { csr, validity_duration } = request.get_ref();
        let (csr, seconds) = (csr.as_bytes(), *validity_duration);
        let wanted = Wanted { api: "CreateCertificate", csr, seconds };
        let issued = self.0.issue(&request, wanted).await?;
        // Istio's agents take each element for one certificate, and the last for all the roots.
        let chain = [&issued.leaf].into_iter().chain(&issued.intermediates);
        let mut cert_chain: Vec<_> = chain.map(Certificate::to_pem).collect();
        cert_chain.push(to_pem(issued.roots.iter()));
        Ok(Response::new(IstioCertificateResponse { cert_chain }))
    }
}
