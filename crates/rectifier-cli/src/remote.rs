//! Devices across machines, by Burn's own remote backend over WebSocket (feature `remote`): `serve-device` on the machine that has
//! the device, `--device remote:HOST:PORT` on the other. What travels is neither encrypted nor signed.

use crate::args::ServeDeviceArgs;
use crate::device::{self, computes, quietly};
use crate::error::CliError;
use crate::output::say;
use burn::remote::RemoteHost;
use burn::server::{RemoteServer, TokenAuthorizer, WebSocketTransport};
use burn::tensor::Device;
use std::net::TcpListener;

/// Holds the word that a client must know; not an option, for options are seen by everybody who may list processes.
const TOKEN: &str = "RECTIFIER_DEVICE_TOKEN";

fn token() -> Option<String> {
    std::env::var(TOKEN).ok().filter(|token| !token.is_empty())
}

/// Connects to the device that is served at `address`, HOST:PORT.
///
/// # Errors
/// [`CliError::Usage`] for an address without a port, [`CliError::Failed`] where nobody answers there or lets us in.
pub fn open(address: &str) -> Result<Device, CliError> {
    let port = address
        .rsplit_once(':')
        .map(|(_, port)| port.parse::<u16>());
    if !matches!(port, Some(Ok(_))) {
        return Err(CliError::Usage(format!(
            "--device remote:{address}: write remote:HOST:PORT, as `rectifier serve-device` printed it"
        )));
    }
    let mut host = RemoteHost::websocket(&format!("ws://{address}"));
    if let Some(token) = token() {
        host = host.with_credential(token);
    }
    let connected = quietly(|| {
        let device = Device::remote_options(&host)
            .init()
            .map_err(|error| error.to_string())?;
        match computes(&device) {
            true => Ok(device),
            false => Err("it computes 1 + 1 wrongly".into()),
        }
    });
    connected.and_then(|device| device).map_err(|reason| {
        CliError::Failed(format!(
            "remote:{address}: {reason}: is `rectifier serve-device` running there, of the same version, and is {TOKEN} the same?"
        ))
    })
}

/// Serves a device of this machine until the process is ended.
///
/// # Errors
/// [`CliError::Usage`] for an address that other machines reach without a token; [`CliError::Failed`] where the address is taken.
pub fn serve(args: &ServeDeviceArgs) -> Result<(), CliError> {
    let (name, device) = device::open(args.device.as_deref())?;
    let failed =
        |error: &dyn std::fmt::Display| CliError::Failed(format!("{}: {error}", args.listen));
    if !args.listen.ip().is_loopback() && token().is_none() {
        return Err(CliError::Usage(format!(
            "{}: whoever reaches this address could use the device and read what is computed on it: set {TOKEN} here and where \
             it is used, and let only a network that you trust reach it",
            args.listen
        )));
    }
    let mut server = RemoteServer::new([device]);
    if let Some(token) = token() {
        server =
            server.with_authorizer(TokenAuthorizer::new(token).map_err(|error| failed(&error))?);
    }
    let listener = TcpListener::bind(args.listen).map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    say(&format!("{name} as --device remote:{address}"));
    let transport = WebSocketTransport::from_listener(listener);
    server.serve(transport).map_err(|error| failed(&error))
}
