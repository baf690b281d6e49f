//! DER as a tree that can be changed: enough for structures with short tags.

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub tag: u8,
    /// The content of a primitive value.
    pub octets: Vec<u8>,
    /// The values in a constructed one.
    pub parts: Vec<Node>,
}

impl Node {
    pub fn new(tag: u8, octets: &[u8]) -> Self {
        Self { tag, octets: octets.to_vec(), parts: Vec::new() }
    }

    pub fn of(tag: u8, parts: Vec<Self>) -> Self {
        Self { tag, octets: Vec::new(), parts }
    }

    /// The only value in `der`.
    pub fn parse(der: &[u8]) -> Self {
        let mut all = values(der);
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    pub fn der(&self) -> Vec<u8> {
        let content = match self.tag & 0x20 {
            0 => self.octets.clone(),
            _ => self.parts.iter().flat_map(Self::der).collect(),
        };
        let length = match content.len() {
            short @ ..0x80 => vec![short as u8],
            middle @ ..0x100 => vec![0x81, middle as u8],
            long => vec![0x82, (long >> 8) as u8, long as u8],
        };
        [&[self.tag], &length[..], &content].concat()
    }

    /// The value that these indices lead to.
    pub fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |node, index| &mut node.parts[*index])
    }
}

fn values(mut der: &[u8]) -> Vec<Node> {
    let mut found = Vec::new();
    while !der.is_empty() {
        let (start, length) = match der[1] {
            short @ ..=0x7f => (2, usize::from(short)),
            0x81 => (3, usize::from(der[2])),
            0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
            _ => panic!("a length that no test has"),
        };
        let content = &der[start..start + length];
        found.push(match der[0] & 0x20 {
            0 => Node::new(der[0], content),
            _ => Node::of(der[0], values(content)),
        });
        der = &der[start + length..];
    }
    found
}
