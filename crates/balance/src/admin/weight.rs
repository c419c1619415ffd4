//! `get weight`, `set weight`, `set server ... weight`.

use alloc::format;
use alloc::string::String;

use super::Order;
use crate::balancer::Balancer;
use crate::ids::ServerId;

/// What a weight's text means.
enum Wanted {
    Absolute(u32),
    /// Percent of the initial weight.
    Relative(i64),
}

/// Reads a weight as HAProxy's number parser does: an optional sign and digits, then `%`
/// or nothing. The order of the complaints is HAProxy's (spec: runtime-api, 2).
fn read(text: &str) -> Result<Wanted, &'static str> {
    if text.is_empty() {
        return Err("Require <weight> or <weight%>.\n");
    }
    let (number, rest) =
        leading_number(text).ok_or("Empty weight string empty or preceded by garbage")?;
    if rest == "%" {
        if number < 0 {
            return Err("Relative weight must be positive.\n");
        }
        return Ok(Wanted::Relative(number));
    }
    if !(0..=256).contains(&number) {
        return Err("Absolute weight can only be between 0 and 256 inclusive.\n");
    }
    if !rest.is_empty() {
        return Err("Trailing garbage in weight string");
    }
    Ok(Wanted::Absolute(number as u32))
}

/// The signed number at the start of `text`, and what follows it; saturating.
pub(super) fn leading_number(text: &str) -> Option<(i64, &str)> {
    let digits = text.trim_start_matches(['+', '-']);
    if text.len() - digits.len() > 1 {
        return None;
    }
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    if end == 0 {
        return None;
    }
    let magnitude = digits[..end].bytes().fold(0_i64, |sum, byte| {
        sum.saturating_mul(10)
            .saturating_add(i64::from(byte - b'0'))
    });
    let number = if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    };
    Some((number, &digits[end..]))
}

impl Balancer {
    pub(super) fn show_weight(&mut self, order: &mut Order<'_>) -> String {
        match self.designated(order.word(2)) {
            Err(complaint) => complaint.into(),
            Ok(id) => {
                let server = self.server(id);
                format!("{} (initial {})\n", server.uweight, server.iweight)
            }
        }
    }

    pub(super) fn set_weight(&mut self, order: &mut Order<'_>) -> String {
        match self.designated(order.word(2)) {
            Err(complaint) => complaint.into(),
            Ok(id) => self.weigh(order, id, order.word(3)),
        }
    }

    /// Gives `id` the weight that `text` says.
    pub(super) fn weigh(&mut self, order: &Order<'_>, id: ServerId, text: &str) -> String {
        let wanted = match read(text) {
            Ok(wanted) => wanted,
            Err(complaint) => return complaint.into(),
        };
        let backend = &self.backends[id.backend.0 as usize];
        let dynamic = backend.dynamic;
        let server = &backend.servers[id.slot as usize];
        let weight = match wanted {
            Wanted::Absolute(weight) => weight,
            Wanted::Relative(percent) => {
                (i64::from(server.iweight).saturating_mul(percent) / 100).min(256) as u32
            }
        };
        if !dynamic && weight != 0 && weight != server.iweight {
            return "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n".into();
        }
        self.server_mut(id).uweight = weight;
        self.refresh(order.now, id);
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_come_in_haproxys_order() {
        let complaint = |text| read(text).err().unwrap_or("fine");
        assert_eq!(complaint(""), "Require <weight> or <weight%>.\n");
        assert_eq!(
            complaint("abc"),
            "Empty weight string empty or preceded by garbage"
        );
        assert_eq!(complaint("-5%"), "Relative weight must be positive.\n");
        assert_eq!(
            complaint("-1"),
            "Absolute weight can only be between 0 and 256 inclusive.\n"
        );
        assert_eq!(
            complaint("300x"),
            "Absolute weight can only be between 0 and 256 inclusive.\n"
        );
        assert_eq!(complaint("12.5%"), "Trailing garbage in weight string");
        assert_eq!(complaint("12"), "fine");
        assert_eq!(complaint("50%"), "fine");
    }
}
