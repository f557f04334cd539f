package spool

import (
	"encoding/binary"
	"strings"
)

var keyLoss = []byte("loss")

// A Loss is a report of what was dropped.
type Loss struct {
	// ID is globally unique, like a record's; empty if nothing was dropped.
	ID string
	// Drops has an entry for each cause with drops.
	Drops []Drop
}

// ReportLoss returns a report of the drops that are in no report yet, with a new id of that agent,
// and stores it. Until [Tx.ClearLoss] deletes it, later calls return the same report, whatever is
// dropped meanwhile, so that an endpoint that gets it twice counts it once.
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
	if loss, err := tx.pendingLoss(); err != nil || loss.ID != "" {
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
			return Loss{}, tx.wrapCorrupt(err)
		}
	}
	if len(loss.Drops) == 0 {
		return Loss{}, nil
	}
	queue, err := tx.records(bucketQueue)
	if err != nil {
		return Loss{}, err
	}
	seq, err := queue.b.NextSequence() // no record will have it
	if err != nil {
		return Loss{}, tx.wrapCorrupt(err)
	}
	var id strings.Builder
	writeID(&id, []byte(agent[:min(len(agent), MaxAgentBytes)]), randomStart(), seq)
	loss.ID = id.String()
	tx.dirty = true
	if err := tx.bolt.Bucket(bucketMeta).Put(keyLoss, loss.append(nil)); err != nil {
		return Loss{}, tx.wrapCorrupt(err)
	}
	return loss, nil
}

// ClearLoss deletes an acknowledged report. Records dropped after it was made are in the next one.
// An id that is not the stored report's is ignored.
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
	if loss, err := tx.pendingLoss(); err != nil || id == "" || loss.ID != id {
		return err
	}
	tx.dirty = true
	if err := meta.Delete(keyLoss); err != nil {
		return tx.wrapCorrupt(err)
	}
	return nil
}

// pendingLoss returns the report that is not acknowledged yet; the zero Loss if there is none or it
// is damaged.
func (tx *Tx) pendingLoss() (Loss, error) {
	meta, err := tx.bucket(bucketMeta)
	if meta == nil || err != nil {
		return Loss{}, err
	}
	loss, _ := parseLoss(meta.Get(keyLoss))
	return loss, nil
}

// append encodes the report: checksum u32, of what follows; id (u16 length, bytes); then for each
// cause its name (u8 length, bytes) and its numbers as in the bucket dropped.
func (l *Loss) append(b []byte) []byte {
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(l.ID)))
	b = append(b, l.ID...)
	for i := range l.Drops {
		d := &l.Drops[i]
		b = append(append(b, byte(len(d.Cause))), d.Cause...)
		b = d.append(b)
	}
	binary.BigEndian.PutUint32(b, checksum(0, b[sumBytes:]))
	return b
}

func parseLoss(b []byte) (l Loss, ok bool) {
	if len(b) < sumBytes+2 || binary.BigEndian.Uint32(b) != checksum(0, b[sumBytes:]) {
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
