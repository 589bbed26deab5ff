//! Istio's MeshConfig, the YAML file of kube-inject's `--meshConfigFile`: what of it reaches the
//! sidecar becomes settings (Istio 1.0.5 mesh/v1alpha1).

use serde_json::{Map, Value};

use super::Key;

/// Why a text is no MeshConfig.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeshError {
    /// It is no YAML.
    #[error("{0}")]
    Yaml(String),
    /// A value has another form than the field wants.
    #[error("{field}: expected {expected}")]
    Form {
        /// The field.
        field: String,
        /// What was expected.
        expected: &'static str,
    },
    /// kube-inject refuses these too.
    #[error("unknown field {field:?} in {message}")]
    Unknown {
        /// The field.
        field: String,
        /// The message of Istio's protocol that has no such field.
        message: &'static str,
    },
}

/// What a MeshConfig says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct MeshConfig {
    /// The settings in it, with their text.
    pub settings: Vec<(Key, String)>,
    /// Fields for the sidecar that have no effect here.
    pub without_effect: Vec<String>,
}

/// Fields of MeshConfig that the control plane reads, not the sidecar.
const CONTROL_PLANE: &[&str] = &[
    "accessLogFile",
    "authPolicy",
    "configSources",
    "connectTimeout",
    "disablePolicyChecks",
    "enableClientSidePolicyCheck",
    "enableTracing",
    "ingressClass",
    "ingressControllerMode",
    "ingressService",
    "mixerAddress",
    "mixerCheckServer",
    "mixerReportServer",
    "outboundTrafficPolicy",
    "policyCheckFailOpen",
    "proxyHttpPort",
    "rdsRefreshDelay",
    "sdsRefreshDelay",
    "sdsUdsPath",
];

/// Fields of ProxyConfig whose values are fixed in the start script, or that stock pilot-agent
/// does not take from its command line.
const FIXED: &[&str] = &[
    "availabilityZone",
    "binaryPath",
    "configPath",
    "customConfigFile",
    "proxyAdminPort",
    "proxyBootstrapTemplatePath",
    "serviceCluster",
    "statNameLength",
];

const PROXY: &[(&str, Key)] = &[
    ("concurrency", Key::ProxyConcurrency),
    ("connectTimeout", Key::ConnectTimeout),
    ("controlPlaneAuthPolicy", Key::ControlPlaneAuthPolicy),
    ("discoveryAddress", Key::DiscoveryAddress),
    ("discoveryRefreshDelay", Key::DiscoveryRefreshDelay),
    ("drainDuration", Key::DrainDuration),
    ("interceptionMode", Key::InterceptionMode),
    ("parentShutdownDuration", Key::ParentShutdownDuration),
    ("statsdUdpAddress", Key::StatsdUdpAddress),
    ("zipkinAddress", Key::ZipkinAddress),
];

/// Reads a MeshConfig's text; an empty one says nothing.
///
/// # Errors
/// The text is no YAML, or a field is unknown or has the wrong form.
pub fn parse_mesh_config(text: &str) -> Result<MeshConfig, MeshError> {
    let mut mesh = MeshConfig::default();
    if text.trim().is_empty() {
        return Ok(mesh);
    }
    let value: Value =
        serde_saphyr::from_str(text).map_err(|error| MeshError::Yaml(first_line(&error)))?;
    for (field, value) in fields("MeshConfig", &value)? {
        match field.as_str() {
            "proxyListenPort" => mesh.settings.push((Key::ProxyListenPort, text_of(field, value)?)),
            "defaultConfig" => mesh.read_proxy_config(value)?,
            _ if CONTROL_PLANE.contains(&field.as_str()) => {}
            _ => {
                return Err(MeshError::Unknown { field: field.clone(), message: "MeshConfig" });
            }
        }
    }
    Ok(mesh)
}

impl MeshConfig {
    fn read_proxy_config(&mut self, value: &Value) -> Result<(), MeshError> {
        for (field, value) in fields("defaultConfig", value)? {
            if let Some((_, key)) = PROXY.iter().find(|(name, _)| name == field) {
                self.settings.push((*key, text_of(field, value)?));
            } else if FIXED.contains(&field.as_str()) {
                self.without_effect.push(format!("defaultConfig.{field}"));
            } else {
                return Err(MeshError::Unknown { field: field.clone(), message: "ProxyConfig" });
            }
        }
        Ok(())
    }
}

fn fields<'v>(name: &str, value: &'v Value) -> Result<&'v Map<String, Value>, MeshError> {
    let expected = "a mapping";
    value.as_object().ok_or_else(|| MeshError::Form { field: name.to_owned(), expected })
}

fn text_of(field: &str, value: &Value) -> Result<String, MeshError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(MeshError::Form { field: field.to_owned(), expected: "text or a number" }),
    }
}

fn first_line(error: &impl std::fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_the_sidecar_becomes_settings() {
        let text = "authPolicy: NONE\nproxyListenPort: 15002\ndefaultConfig:\n  drainDuration: 42s\n  configPath: /etc/istio/proxy\n";
        let mesh = parse_mesh_config(text).unwrap();
        assert_eq!(
            mesh.settings,
            [(Key::ProxyListenPort, "15002".to_owned()), (Key::DrainDuration, "42s".to_owned())]
        );
        assert_eq!(mesh.without_effect, ["defaultConfig.configPath"]);
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(parse_mesh_config("\n").unwrap(), MeshConfig::default());
    }

    #[test]
    fn an_unknown_field_is_refused_as_kube_inject_does() {
        let error = parse_mesh_config("foo: 1\n").unwrap_err();
        assert_eq!(error.to_string(), "unknown field \"foo\" in MeshConfig");
    }

    #[test]
    fn bad_yaml_is_one_line() {
        assert!(matches!(parse_mesh_config("a: [\n"), Err(MeshError::Yaml(_))));
    }
}
