/// A list that needs no allocation for up to four elements. A handler rarely
/// waits for more at a time.
pub(crate) struct Few<T> {
    inline: [T; 4],
    /// Of `inline`; without meaning once `heap` has elements.
    used: usize,
    heap: Vec<T>,
}

impl<T: Default> Few<T> {
    pub(crate) fn new() -> Few<T> {
        Few {
            inline: Default::default(),
            used: 0,
            heap: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, value: T) {
        if !self.heap.is_empty() {
            self.heap.push(value);
        } else if self.used < self.inline.len() {
            self.inline[self.used] = value;
            self.used += 1;
        } else {
            self.heap.extend(self.inline.iter_mut().map(std::mem::take));
            self.heap.push(value);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.heap.clear();
        self.inline = Default::default();
        self.used = 0;
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        if self.heap.is_empty() {
            &mut self.inline[..self.used]
        } else {
            &mut self.heap
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn keeps_order_from_inline_to_heap_and_after_clear() {
        let mut few = Few::new();
        for round in 0..3 {
            for count in [0, 1, 4, 5, 9] {
                few.clear();
                for value in 0..count {
                    few.push(value + round);
                }
                let want: Vec<_> = (round..count + round).collect();
                assert_eq!(few.as_mut_slice(), want);
            }
        }
    }
}
