package run

import (
	"bytes"
	"testing"

	"virgo/schedule"
	"virgo/spool"
)

// What it costs a run to store the latest results beside those that it appends and settles: seven of
// 900 bytes, as the host checks make them, and half as much of each. Compare the two; the folder should be in memory (TMPDIR).
func BenchmarkLatestResults(b *testing.B) {
	ids := []string{"cpu", "disk", "filesystem", "filesystem_state", "load_average", "memory", "network"}
	for _, bb := range []struct {
		name   string
		stored bool
	}{{"without", false}, {"with", true}} {
		b.Run(bb.name, func(b *testing.B) {
			sp, err := spool.Open(b.TempDir()+"/state", spool.Options{})
			if err != nil {
				b.Fatal(err)
			}
			data := bytes.Repeat([]byte("x"), 900)
			for i := range b.N {
				data[0], data[1] = byte(i), byte(i>>8) // a run never stores the same again
				var settled []spool.Outcome
				err := sp.Update(b.Context(), func(tx *spool.Tx) error {
					for _, id := range ids {
						records, err := tx.Append(spool.Entry{Agent: "a", Data: data})
						if err != nil {
							return err
						}
						settled = append(settled, spool.Outcome{Seq: records[0].Seq})
						if !bb.stored {
							continue
						}
						if err := tx.Put(schedule.LatestSpace, id, data[:450]); err != nil {
							return err
						}
					}
					return nil
				})
				if err == nil {
					err = sp.Settle(b.Context(), settled, func(*spool.Tx) error { return nil })
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
