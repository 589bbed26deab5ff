//! What injection leaves empty for submission to fill in: so what it gives is always the same, and
//! can be kept in a repository. What stands there later is nobody's edit.

/// The variable of the container `istio-agent` that holds the token with which the pod joins the
/// mesh.
pub(super) const TOKEN_VARIABLE: &str = "MESH_JOIN_TOKEN";

/// The label of the pod that holds the nonce of its token.
pub(super) const NONCE_LABEL: &str = "mesh/join-nonce";

/// What stands in their places until submission.
pub(super) const EMPTY: &str = "";

/// The routes of these places.
pub(super) const ROUTES: [&str; 2] =
    ["/containers/istio-agent/environment/MESH_JOIN_TOKEN", "/labels/mesh~1join-nonce"];
