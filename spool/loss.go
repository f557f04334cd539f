package spool

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
)

var keyLoss = []byte("loss")

// A Loss is a report of what was dropped.
type Loss struct {
	// ID names the report for ever, as a record's does; empty where nothing was lost.
	ID string
	// Drops by cause, none of them zero.
	Drops []Drop
}

// ReportLoss gives what was dropped and not yet acknowledged to be known, under an id of that agent. It
// freezes it: the same report comes back, however much is dropped meanwhile, until [Tx.ClearLoss] is called
// for it, so that a report that is sent twice is counted once.
//
// Errors: [ErrViewOnly], [ErrTxOver], [ErrDamaged].
func (tx *Tx) ReportLoss(agent string) (Loss, error) {
	tx.inside = true
	loss, err := tx.reportLoss(agent)
	return loss, tx.leave(err)
}

func (tx *Tx) reportLoss(agent string) (Loss, error) {
	dropped, err := tx.writable(bucketDropped)
	if err != nil {
		return Loss{}, err
	}
	if loss, err := tx.frozen(); err != nil || loss.ID != "" {
		return loss, err
	}
	var loss Loss
	for _, cause := range causes {
		d, ok := readDrop(cause, dropped.Get(sinceKey(cause)))
		if !ok || d.Records == 0 {
			continue
		}
		loss.Drops = append(loss.Drops, d)
		if err := dropped.Delete(sinceKey(cause)); err != nil {
			return Loss{}, tx.odd(err)
		}
	}
	if len(loss.Drops) == 0 {
		return Loss{}, nil
	}
	queue, err := tx.bucket(bucketQueue)
	if err != nil {
		return Loss{}, err
	}
	seq, err := queue.NextSequence() // which no record will have
	if err != nil {
		return Loss{}, tx.odd(err)
	}
	var random [8]byte
	rand.Read(random[:]) // never fails: it ends the process rather
	var id strings.Builder
	writeID(&id, []byte(agent[:min(len(agent), MaxAgentBytes)]), binary.BigEndian.Uint64(random[:]), seq)
	loss.ID = id.String()
	tx.dirty = true
	if err := tx.bolt.Bucket(bucketMeta).Put(keyLoss, loss.append(nil)); err != nil {
		return Loss{}, tx.odd(err)
	}
	return loss, nil
}

// ClearLoss forgets a report that was acknowledged. What was dropped since it was made is the next one's. An
// id that is not the present report's is passed over.
//
// Errors: [ErrViewOnly], [ErrTxOver], [ErrDamaged].
func (tx *Tx) ClearLoss(id string) error {
	tx.inside = true
	return tx.leave(tx.clearLoss(id))
}

func (tx *Tx) clearLoss(id string) error {
	meta, err := tx.writable(bucketMeta)
	if err != nil {
		return err
	}
	if loss, err := tx.frozen(); err != nil || id == "" || loss.ID != id {
		return err
	}
	tx.dirty = true
	if err := meta.Delete(keyLoss); err != nil {
		return tx.odd(err)
	}
	return nil
}

// frozen is the report that waits for its acknowledgement. One that is damaged is none.
func (tx *Tx) frozen() (Loss, error) {
	meta, err := tx.bucket(bucketMeta)
	if meta == nil || err != nil {
		return Loss{}, err
	}
	loss, _ := parseLoss(meta.Get(keyLoss))
	return loss, nil
}

// append writes sum u32, of what follows: id (u16 length, bytes), then for each cause its name (u8 length,
// bytes) and its numbers as in dropped.
func (l *Loss) append(b []byte) []byte {
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(l.ID)))
	b = append(b, l.ID...)
	for i := range l.Drops {
		d := &l.Drops[i]
		b = append(append(b, byte(len(d.Cause))), d.Cause...)
		b = d.append(b)
	}
	binary.BigEndian.PutUint32(b, uint32(xxh64(0, b[sumBytes:])))
	return b
}

func parseLoss(b []byte) (l Loss, ok bool) {
	if len(b) < sumBytes+2 || binary.BigEndian.Uint32(b) != uint32(xxh64(0, b[sumBytes:])) {
		return Loss{}, false
	}
	n := int(binary.BigEndian.Uint16(b[sumBytes:]))
	if b = b[sumBytes+2:]; n > len(b) {
		return Loss{}, false
	}
	l.ID, b = string(b[:n]), b[n:]
	for len(b) > 0 {
		n := 1 + int(b[0])
		if len(b) < n+dropBytes {
			return Loss{}, false
		}
		d, _ := readDrop(Cause(b[1:n]), b[n:n+dropBytes])
		l.Drops, b = append(l.Drops, d), b[n+dropBytes:]
	}
	return l, l.ID != ""
}
