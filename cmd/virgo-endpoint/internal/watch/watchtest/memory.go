package watchtest

import (
	"maps"
	"slices"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Memory keeps everything of package watch in memory. Its zero value is empty and usable.
type Memory struct {
	// Now is the time of what the store does by itself; time.Now if it is nil.
	Now func() time.Time

	mutex     sync.Mutex
	cursor    int64
	states    map[watch.Key]watch.Saved
	changes   []watch.Change // by ID
	lastID    int64          // of changes, rows, silences and entries
	held      map[int64][]int64
	queue     []watch.Row
	notifiers map[string]watch.NotifierState
	silences  []watch.Silence
	version   int64 // of silences and acknowledgements
	cursors   map[string]watch.Cursor
	settings  map[string]string
	people    map[string]watch.Person
	sessions  map[[32]byte]watch.Session
	entries   []watch.Entry
	questions map[infoKey]watch.Question
	infos     map[infoKey]watch.Info

	questionVersion int64
}

// The parts of what is stored. Each is an interface of its own, since some of their methods have the same names.

// Alarms returns states and changes.
func (m *Memory) Alarms() watch.Alarms { return memoryAlarms{m} }

// Queue returns the notifications that wait.
func (m *Memory) Queue() watch.Queue { return memoryQueue{m} }

// Silences returns the silences.
func (m *Memory) Silences() watch.Silences { return memorySilences{m} }

// Cursors returns the cursors.
func (m *Memory) Cursors() watch.Cursors { return memoryCursors{m} }

// Settings returns the settings.
func (m *Memory) Settings() watch.Settings { return memorySettings{m} }

// People returns people and their sessions.
func (m *Memory) People() watch.People { return memoryPeople{m} }

// Audit returns the audit log.
func (m *Memory) Audit() watch.Audit { return memoryAudit{m} }

// HostInfo returns what people ask hosts, and what these answered.
func (m *Memory) HostInfo() watch.HostInfo { return memoryHostInfo{m} }

// lock locks m, and returns what unlocks it.
func (m *Memory) lock() func() {
	m.mutex.Lock()
	return m.mutex.Unlock
}

func (m *Memory) now() time.Time {
	if m.Now == nil {
		return stored(time.Now())
	}
	return stored(m.Now())
}

func (m *Memory) nextID() int64 {
	m.lastID++
	return m.lastID
}

// stored returns a time as a store returns it: in milliseconds, of UTC.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

func copied(p *float64) *float64 {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// put sets an element of a map that may not be there yet.
func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[key] = value
}

// byKey returns the values of a map in the order of its keys.
func byKey[V any](m map[string]V) []V {
	var list []V
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[name])
	}
	return list
}
