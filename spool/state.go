package spool

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
	bolt "go.etcd.io/bbolt"
)

// Limits of the state.
const (
	MaxKeyBytes   = 1 << 10        // of a space's name and of a key, which have at least one byte
	MaxValueBytes = MaxRecordBytes // of a value
)

// The state is the caller's own data beside the records: spaces of keys with values. It is committed
// together with the records. No bound applies to it, and only the caller deletes it.

// Get returns a copy of a value; nil if there is none or the value is damaged. If it finds the file
// damaged, it returns nil as well, and the transaction fails at its end.
func (tx *Tx) Get(space, key string) []byte {
	tx.inside = true
	b, err := tx.space(space)
	var v []byte
	if b != nil && key != "" {
		v = clone(tx.checkedValue(space, key, b.Get([]byte(key))))
	}
	_ = tx.leave(err)
	return v
}

// Put stores a copy of value. Nothing is written if the key has that value already. Errors:
// [ErrTooLarge], [ErrViewOnly], [ErrTxOver], [ErrDamaged].
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
		return fmt.Errorf("store %q in %q: a name is empty", key, space)
	case len(space) > MaxKeyBytes || len(key) > MaxKeyBytes:
		return fmt.Errorf("store %.32q… in %.32q: the name is %w (at most %d bytes)", key, space, ErrTooLarge, MaxKeyBytes)
	case len(value) > MaxValueBytes:
		return fmt.Errorf("store %q in %q: %w: %d bytes (at most %d)", key, space, ErrTooLarge, len(value), MaxValueBytes)
	}
	b := state.Bucket([]byte(space))
	if b == nil {
		if b, err = state.CreateBucket([]byte(space)); err != nil {
			return tx.wrapCorrupt(err)
		}
	} else if old := tx.checkedValue(space, key, b.Get([]byte(key))); old != nil && bytes.Equal(old, value) {
		return nil
	}
	if err := b.Put([]byte(key), withSum(space, key, value)); err != nil {
		return tx.wrapCorrupt(err)
	}
	tx.dirty = true
	return nil
}

// Delete removes a key, if it exists. Errors: [ErrViewOnly], [ErrTxOver], [ErrDamaged].
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
		return tx.wrapCorrupt(err)
	}
	tx.dirty = true
	return nil
}

// Each calls fn for every key of a space, in byte order, with a copy of the value. fn may put and
// delete keys of the space; a new key that sorts after the current one is visited too. An error of
// fn ends the walk and is returned unchanged.
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
		if v = tx.checkedValue(space, key, v); v != nil {
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

// space returns the bucket of a space; nil if there is none.
func (tx *Tx) space(name string) (*bolt.Bucket, error) {
	state, err := tx.bucket(bucketState)
	if state == nil || err != nil || name == "" {
		return nil, err
	}
	return state.Bucket([]byte(name)), nil
}

// clone copies v; nil stays nil, and an empty value does not become nil.
func clone(v []byte) []byte {
	if v == nil {
		return nil
	}
	return append([]byte{}, v...)
}

// stateSum returns the checksum of a value (see the package comment).
func stateSum(space, key string, value []byte) uint32 {
	var buf [64]byte
	name := append(append(append(buf[:0], space...), 0), key...)
	return checksum(xxhash.Sum64(name), value)
}

// withSum encodes a value as it is stored.
func withSum(space, key string, value []byte) []byte {
	b := make([]byte, 0, sumBytes+len(value))
	return append(binary.BigEndian.AppendUint32(b, stateSum(space, key, value)), value...)
}

// checkedValue returns the value that was put. A damaged one is nil, as if it did not exist: callers
// can work without data of past runs, but not with wrong data.
func (tx *Tx) checkedValue(space, key string, v []byte) []byte {
	if v == nil || tx.format < 2 {
		return v
	}
	return stripSum(space, key, v)
}

// stripSum returns a stored value; nil if its checksum is wrong.
func stripSum(space, key string, v []byte) []byte {
	if len(v) < sumBytes || binary.BigEndian.Uint32(v) != stateSum(space, key, v[sumBytes:]) {
		return nil
	}
	return v[sumBytes:]
}
