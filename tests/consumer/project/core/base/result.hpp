#error "a header of the consumer's own, in the place of one of tapedeck's"
