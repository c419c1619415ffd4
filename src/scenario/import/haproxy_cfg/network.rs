//! Addresses and networks, as patterns write them.

use std::net::IpAddr;

use balance::pattern::Network;

/// The prefix length of a mask: a number of bits, or bits in the form of an address.
fn prefix(mask: &str, most: u8) -> Option<u8> {
    if let Ok(bits) = mask.parse::<u8>() {
        return (bits <= most).then_some(bits);
    }
    let bits = match mask.parse::<IpAddr>().ok()? {
        IpAddr::V4(mask) => (mask.to_bits().leading_ones(), mask.to_bits().count_ones()),
        IpAddr::V6(mask) => (mask.to_bits().leading_ones(), mask.to_bits().count_ones()),
    };
    // Masks with holes are legal, but nobody writes them.
    (bits.0 == bits.1).then_some(bits.0 as u8)
}

/// An address, an address with a mask, or a name that is always known; `None` where the
/// mask has holes.
pub(super) fn network(pattern: &str) -> Result<Option<Network>, String> {
    let (address, mask) = match pattern.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (pattern, None),
    };
    if pattern == "localhost" {
        return Ok(Some(Network::only(IpAddr::from([127, 0, 0, 1]))));
    }
    let refused = || format!("`{pattern}` is no address and no network");
    let Ok(ip) = address.parse::<IpAddr>() else {
        // `10.1/16` is short for `10.1.0.0/16`.
        let parts: Option<Vec<u8>> = address.split('.').map(|p| p.parse().ok()).collect();
        let bits = mask
            .and_then(|mask| mask.parse().ok())
            .filter(|&b| b <= 32_u8);
        let (Some(parts), Some(bits)) = (parts.filter(|parts| parts.len() < 4), bits) else {
            return Err(refused());
        };
        let mut whole = [0; 4];
        whole[..parts.len()].copy_from_slice(&parts);
        let address = IpAddr::from(whole);
        return Ok(Some(Network { address, bits }));
    };
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let Some(mask) = mask.filter(|mask| !mask.is_empty()) else {
        return Ok(Some(Network::only(ip)));
    };
    let fine = mask.parse::<u8>().is_ok_and(|bits| bits <= most) || mask.parse::<IpAddr>().is_ok();
    if !fine {
        return Err(refused());
    }
    Ok(prefix(mask, most).map(|bits| Network { address: ip, bits }))
}
