package spool

import bolt "go.etcd.io/bbolt"

// A cursor is bbolt's. Where a page is damaged it is at its end, and the transaction fails at its
// own end.
type cursor struct {
	*records
	c   *bolt.Cursor
	key []byte // where it is
}

func (r *records) cursor() *cursor { return &cursor{records: r, c: r.b.Cursor()} }

// at returns the pair that move moves to, once the pages are verified.
func (c *cursor) at(err error, move func() (key, value []byte)) (key, value []byte) {
	if !c.tx.verified(err) {
		return nil, nil
	}
	key, value = move()
	c.key = key
	return key, value
}

func (c *cursor) first() (key, value []byte) { return c.at(c.tree.First(), c.c.First) }
func (c *cursor) next() (key, value []byte)  { return c.at(c.tree.Next(c.key), c.c.Next) }
func (c *cursor) prev() (key, value []byte)  { return c.at(c.tree.Prev(c.key), c.c.Prev) }

// last is the only place that may call bbolt's Cursor.Last: in bbolt 1.5.0, that does not return for
// a bucket of several pages whose keys the same transaction has deleted. First does.
func (c *cursor) last() (key, value []byte) {
	if key, _ := c.first(); key == nil {
		return nil, nil
	}
	return c.at(c.tree.Last(), func() (k, v []byte) { return c.c.Last() })
}

func (c *cursor) seek(key []byte) (k, v []byte) {
	return c.at(c.tree.Next(key), func() (k, v []byte) { return c.c.Seek(key) })
}

// delete deletes the pair where the cursor is.
func (c *cursor) delete() error {
	if !c.tx.verified(c.tree.Delete(c.key)) {
		return c.tx.fault
	}
	if err := c.c.Delete(); err != nil {
		return c.tx.wrapCorrupt(err)
	}
	return nil
}
