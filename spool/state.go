package spool

import (
	"bytes"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Limits of the state.
const (
	MaxKeyBytes   = 1 << 10        // of a space's name and of a key, which have one byte at least
	MaxValueBytes = MaxRecordBytes // of a value
)

// The state is what a caller keeps beside its records, in spaces of keys: it is committed with the
// records that it belongs to. Nothing bounds or drops it but its owner.

// Get returns a copy of a value; nil where there is none or where it is not what was put, and where
// nothing can be read: then the transaction fails at its end.
func (tx *Tx) Get(space, key string) []byte {
	tx.inside = true
	b, err := tx.space(space)
	var v []byte
	if b != nil && key != "" {
		v = clone(tx.unseal(space, key, b.Get([]byte(key))))
	}
	_ = tx.leave(err)
	return v
}

// Put keeps a copy of value. A value that is there already is not written again. Errors: [ErrTooLarge],
// [ErrViewOnly], [ErrTxOver], [ErrDamaged].
func (tx *Tx) Put(space, key string, value []byte) error {
	tx.inside = true
	return tx.leave(tx.put(space, key, value))
}

func (tx *Tx) put(space, key string, value []byte) error {
	state, err := tx.writable(bucketState)
	if err != nil {
		return err
	}
	switch {
	case space == "" || key == "":
		return fmt.Errorf("keep %q in %q: a name is missing", key, space)
	case len(space) > MaxKeyBytes || len(key) > MaxKeyBytes:
		return fmt.Errorf("keep %.32q… in %.32q: the name is %w (at most %d bytes)", key, space, ErrTooLarge, MaxKeyBytes)
	case len(value) > MaxValueBytes:
		return fmt.Errorf("keep %q in %q: %w: %d bytes (at most %d)", key, space, ErrTooLarge, len(value), MaxValueBytes)
	}
	b := state.Bucket([]byte(space))
	if b == nil {
		if b, err = state.CreateBucket([]byte(space)); err != nil {
			return tx.odd(err)
		}
	} else if was := tx.unseal(space, key, b.Get([]byte(key))); was != nil && bytes.Equal(was, value) {
		return nil
	}
	if err := b.Put([]byte(key), sealed(space, key, value)); err != nil {
		return tx.odd(err)
	}
	tx.dirty = true
	return nil
}

// Delete forgets a key, if it is there. Errors: [ErrViewOnly], [ErrTxOver], [ErrDamaged].
func (tx *Tx) Delete(space, key string) error {
	tx.inside = true
	return tx.leave(tx.delete(space, key))
}

func (tx *Tx) delete(space, key string) error {
	if _, err := tx.writable(bucketState); err != nil {
		return err
	}
	b, err := tx.space(space)
	if b == nil || err != nil || key == "" || b.Get([]byte(key)) == nil {
		return err
	}
	if err := b.Delete([]byte(key)); err != nil {
		return tx.odd(err)
	}
	tx.dirty = true
	return nil
}

// Each calls fn for every key of a space, in the order of their bytes, with a copy of the value. fn may
// put and delete keys of the space: one that is added behind the present key is visited too. An error of fn ends
// the walk and is returned as it is.
func (tx *Tx) Each(space string, fn func(key string, value []byte) error) error {
	tx.inside = true
	return tx.leave(tx.each(space, fn))
}

func (tx *Tx) each(space string, fn func(key string, value []byte) error) error {
	b, err := tx.space(space)
	if b == nil || err != nil {
		return err
	}
	c := b.Cursor()
	k, v := c.First()
	for k != nil {
		key := string(k)
		if v = tx.unseal(space, key, v); v != nil {
			tx.inside = false
			err := fn(key, clone(v))
			tx.inside = true
			if err != nil {
				return err
			}
		}
		// fn may have changed the tree under the cursor.
		if k, v = c.Seek([]byte(key)); string(k) == key {
			k, v = c.Next()
		}
	}
	return nil
}

// space returns nil where there is no such space.
func (tx *Tx) space(name string) (*bolt.Bucket, error) {
	state, err := tx.bucket(bucketState)
	if state == nil || err != nil || name == "" {
		return nil, err
	}
	return state.Bucket([]byte(name)), nil
}

// clone copies v and tells nothing (nil) from an empty value.
func clone(v []byte) []byte {
	if v == nil {
		return nil
	}
	return append([]byte{}, v...)
}

// sumBytes stand before a value in the file: the low half of XXH64 of the value, with that of its name as
// the seed.
const sumBytes = 4

func stateSum(space, key string, value []byte) uint32 {
	var buf [64]byte
	name := append(append(append(buf[:0], space...), 0), key...)
	return uint32(xxh64(xxh64(0, name), value))
}

func sealed(space, key string, value []byte) []byte {
	b := make([]byte, 0, sumBytes+len(value))
	return append(binary.BigEndian.AppendUint32(b, stateSum(space, key, value)), value...)
}

// unseal gives the value that was put; nil where it is damaged, as if it were not there: who keeps a
// memory of past runs can do without it, and not with a wrong one.
func (tx *Tx) unseal(space, key string, v []byte) []byte {
	if v == nil || tx.format < 2 {
		return v
	}
	return unsealed(space, key, v)
}

func unsealed(space, key string, v []byte) []byte {
	if len(v) < sumBytes || binary.BigEndian.Uint32(v) != stateSum(space, key, v[sumBytes:]) {
		return nil
	}
	return v[sumBytes:]
}
