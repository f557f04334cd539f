package spool

// upgrade brings a file of format 1 to this one, in the transaction that writes to it first. What
// format 1 did not have: sums over the state's values, groups, and the part of the ledger that was not
// reported yet. Totals are written in their new form by each commit.
func (tx *Tx) upgrade() error {
	state, err := tx.bucket(bucketState)
	if err != nil {
		return err
	}
	for _, space := range tx.spaces() {
		b := state.Bucket([]byte(space))
		keys := make(map[string][]byte)
		err := b.ForEach(func(k, v []byte) error {
			keys[string(k)] = sealed(space, string(k), v)
			return nil
		})
		for key, v := range keys {
			if err == nil {
				err = b.Put([]byte(key), v)
			}
		}
		if err != nil {
			return tx.odd(err)
		}
	}
	dropped, err := tx.bucket(bucketDropped)
	if err != nil {
		return err
	}
	for _, cause := range causes {
		if v := dropped.Get([]byte(cause)); v != nil {
			if err := dropped.Put(sinceKey(cause), append([]byte{}, v...)); err != nil {
				return tx.odd(err)
			}
		}
	}
	tx.format, tx.dirty = Format, true
	return tx.bolt.Bucket(bucketMeta).Put(keyFormat, formatValue(Format))
}

// spaces gives the names of the state's spaces.
func (tx *Tx) spaces() (names []string) {
	if state := tx.bolt.Bucket(bucketState); state != nil {
		_ = state.ForEachBucket(func(k []byte) error { // it only hands on the function's error
			names = append(names, string(k))
			return nil
		})
	}
	return names
}
