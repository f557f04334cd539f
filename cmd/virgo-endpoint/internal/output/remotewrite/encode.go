package remotewrite

import (
	"encoding/binary"
	"math"
)

// The fields of prometheus.WriteRequest, TimeSeries, Label and Sample with their wire types
// (https://prometheus.io/docs/specs/prw/remote_write_spec/).
const (
	requestSeries = 1<<3 | 2
	seriesLabel   = 1<<3 | 2
	seriesSample  = 2<<3 | 2
	labelName     = 1<<3 | 2
	labelValue    = 2<<3 | 2
	sampleValue   = 1<<3 | 1
	sampleTime    = 2 << 3 // type 0
)

// encode returns the WriteRequest of some series.
func encode(list []series) []byte {
	var out, one, part []byte
	for _, s := range list {
		one = one[:0]
		for _, l := range s.labels {
			part = field(field(part[:0], labelName, l[0]), labelValue, l[1])
			one = field(one, seriesLabel, part)
		}
		for _, v := range s.samples {
			part = append(part[:0], sampleValue)
			part = binary.LittleEndian.AppendUint64(part, math.Float64bits(v.value))
			part = binary.AppendUvarint(append(part, sampleTime), uint64(v.ms))
			one = field(one, seriesSample, part)
		}
		out = field(out, requestSeries, one)
	}
	return out
}

// field appends a field of bytes.
func field[T string | []byte](b []byte, tag byte, value T) []byte {
	return append(binary.AppendUvarint(append(b, tag), uint64(len(value))), value...)
}
