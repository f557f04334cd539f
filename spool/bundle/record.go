package bundle

import (
	"encoding/binary"
	"errors"
	"time"
)

func appendRecord(b []byte, r *Record) []byte {
	b = binary.BigEndian.AppendUint64(b, r.Order)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Made.UnixMilli()))
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.ID)))
	b = append(b, r.ID...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.Data)))
	return append(b, r.Data...)
}

var errRecords = errors.New("a block of results is malformed")

// parseRecords appends the results in b to list. Their data point into b. A result of another agent
// is an error.
func parseRecords(list []Record, b []byte, agent string) ([]Record, error) {
	for len(b) > 0 {
		if len(b) < recordBytes {
			return nil, errRecords
		}
		r := Record{
			Order: binary.BigEndian.Uint64(b),
			Made:  time.UnixMilli(int64(binary.BigEndian.Uint64(b[8:]))),
		}
		id := int(binary.BigEndian.Uint16(b[16:]))
		b = b[18:]
		if id > len(b)-4 {
			return nil, errRecords
		}
		r.ID = string(b[:id])
		data := binary.BigEndian.Uint32(b[id:])
		b = b[id+4:]
		if uint64(data) > uint64(len(b)) {
			return nil, errRecords
		}
		r.Data, b = b[:data:data], b[data:]
		if err := r.check(agent); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
