package spool

// upgrade converts a file of format 1 in the first transaction that writes to it. Format 1 had no
// checksums of the state's values, no groups, and no separate counts of drops that were not reported
// yet. The totals need no conversion here: every commit writes them in the new form.
func (tx *Tx) upgrade() error {
	state, err := tx.bucket(bucketState)
	if err != nil {
		return err
	}
	for _, space := range tx.spaces() {
		b := state.Bucket([]byte(space))
		keys := make(map[string][]byte)
		err := b.ForEach(func(k, v []byte) error {
			keys[string(k)] = withSum(space, string(k), v)
			return nil
		})
		for key, v := range keys {
			if err == nil {
				err = b.Put([]byte(key), v)
			}
		}
		if err != nil {
			return tx.wrapCorrupt(err)
		}
	}
	dropped, err := tx.bucket(bucketDropped)
	if err != nil {
		return err
	}
	for _, cause := range causes {
		if v := dropped.Get([]byte(cause)); v != nil {
			if err := dropped.Put(sinceKey(cause), append([]byte{}, v...)); err != nil {
				return tx.wrapCorrupt(err)
			}
		}
	}
	tx.format, tx.dirty = Format, true
	return tx.bolt.Bucket(bucketMeta).Put(keyFormat, formatValue(Format))
}

// spaces returns the names of the state's spaces.
func (tx *Tx) spaces() (names []string) {
	if state := tx.bolt.Bucket(bucketState); state != nil {
		_ = state.ForEachBucket(func(k []byte) error { // its errors are the function's
			names = append(names, string(k))
			return nil
		})
	}
	return names
}
