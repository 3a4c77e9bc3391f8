//! The attributes of a node, each asked for once; what nobody asked for would change the node's meaning.

use super::proto::{ATTRIBUTE_FLOAT, Attribute, Node, Tensor};
use prost::Message;

const INT: i32 = 2;
const STRING: i32 = 3;
const TENSOR: i32 = 4;
const INTS: i32 = 7;
/// No node of a chain has nearly so many.
const MOST: usize = 64;

/// What is left of a node's attributes.
pub(super) struct Attributes(Vec<Attribute>);

impl Attributes {
    /// # Errors
    /// As all here: what is wrong, in words.
    pub(super) fn of(node: &Node) -> Result<Self, String> {
        if node.attribute.len() > MOST {
            return Err(format!("it has {} attributes", node.attribute.len()));
        }
        let decode = |bytes: &bytes::Bytes| Attribute::decode(bytes.clone());
        let attributes: Result<Vec<_>, _> = node.attribute.iter().map(decode).collect();
        attributes
            .map(Self)
            .map_err(|error| format!("its attributes: {error}"))
    }

    fn take(&mut self, name: &str, kind: i32) -> Result<Option<Attribute>, String> {
        let named = |attribute: &Attribute| attribute.name.as_deref() == Some(name);
        let Some(at) = self.0.iter().position(named) else {
            return Ok(None);
        };
        let attribute = self.0.swap_remove(at);
        match attribute.kind {
            Some(found) if found != kind => Err(format!(
                "its attribute `{name}` is of type {found}, expected {kind}"
            )),
            _ => Ok(Some(attribute)),
        }
    }

    pub(super) fn float(&mut self, name: &str, default: f32) -> Result<f32, String> {
        let found = self.take(name, ATTRIBUTE_FLOAT)?;
        Ok(found.map_or(default, |attribute| attribute.f.unwrap_or_default()))
    }

    pub(super) fn int(&mut self, name: &str, default: i64) -> Result<i64, String> {
        let found = self.take(name, INT)?;
        Ok(found.map_or(default, |attribute| attribute.i.unwrap_or_default()))
    }

    /// An integer that must be `wanted`, which is also its default.
    pub(super) fn fixed(&mut self, name: &str, wanted: i64) -> Result<(), String> {
        match self.int(name, wanted)? {
            found if found == wanted => Ok(()),
            found => Err(format!(
                "its `{name}` is {found}, and only {wanted} can be taken"
            )),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        let found = self.take(name, STRING)?;
        let text = |bytes: bytes::Bytes| String::from_utf8_lossy(&bytes).into_owned();
        Ok(found.map(|attribute| attribute.s.map(text).unwrap_or_default()))
    }

    pub(super) fn ints(&mut self, name: &str) -> Result<Option<Vec<i64>>, String> {
        Ok(self.take(name, INTS)?.map(|attribute| attribute.ints))
    }

    pub(super) fn tensor(&mut self, name: &str) -> Result<Option<Tensor>, String> {
        Ok(self.take(name, TENSOR)?.and_then(|attribute| attribute.t))
    }

    /// Nothing may be left.
    pub(super) fn finish(self) -> Result<(), String> {
        match self.0.first() {
            Some(left) => Err(format!(
                "its attribute `{}` is not known here",
                left.name.as_deref().unwrap_or_default()
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn node(attributes: &[Attribute]) -> Node {
        Node {
            attribute: attributes
                .iter()
                .map(|a| a.encode_to_vec().into())
                .collect(),
            ..Node::default()
        }
    }

    fn float(name: &str, f: f32) -> Attribute {
        Attribute {
            name: Some(name.into()),
            f: Some(f),
            kind: Some(ATTRIBUTE_FLOAT),
            ..Attribute::default()
        }
    }

    #[test]
    fn attributes_have_defaults_types_and_none_is_left() {
        let mut attributes = Attributes::of(&node(&[float("alpha", 0.0)])).unwrap();
        assert_eq!(attributes.float("alpha", 1.0), Ok(0.0));
        assert_eq!(attributes.float("beta", 1.0), Ok(1.0));
        attributes.finish().unwrap();
        let mut attributes = Attributes::of(&node(&[float("axis", 1.0)])).unwrap();
        assert!(attributes.fixed("axis", 1).unwrap_err().contains("type 1"));
        let attributes = Attributes::of(&node(&[float("new", 1.0)])).unwrap();
        assert!(attributes.finish().unwrap_err().contains("`new`"));
        let many = vec![float("a", 1.0); MOST + 1];
        assert!(Attributes::of(&node(&many)).is_err());
    }
}
