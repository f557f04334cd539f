package transport

// Version is the protocol's version, the "v" of every frame.
const Version = "1"

// Limits of a frame, whoever sends it. What is past them is refused, never cut.
const (
	MaxFrameBytes = 4 << 20 // bytes of one line, without its LF
	MaxDepth      = 64      // nesting of objects and lists, the frame itself being 1
	MaxNameBytes  = 1 << 10 // bytes of v, source, target or method
)

// What is kept of an endpoint's words. Longer texts are cut, for they are only shown.
const (
	maxMessageBytes = 1 << 10 // bytes of an error's message
	maxTypeBytes    = 128     // bytes of an error's type
)

// Buffers. A frame that does not fit makes them grow for as long as it needs; nothing larger is kept.
const (
	readBuffer  = 4 << 10
	writeBuffer = 16 << 10 // one TLS record
	largeFrame  = 64 << 10 // what no frame of an ordinary run comes near
)

// The methods that the agent calls.
const (
	MethodHello     = "handshake.hello"
	MethodHeartbeat = "heartbeat.post"
	MethodPost      = "check_metrics.post"
	MethodSchedule  = "check_schedule.get"
)

// The methods that an endpoint calls.
const (
	MethodScheduleChanged = "check_schedule.changed"
	MethodSystemInfo      = "system.info"
	MethodCheckTest       = "check.test"
	MethodCheckTargets    = "check.targets"
	MethodHostInfo        = "host_info.get"
	MethodHostInfoTypes   = "host_info_types.get"
)

// The features that either side may announce in hello.
const (
	FeaturePipelining   = "pipelining"
	FeatureResultID     = "result_id"
	FeatureScheduleHash = "schedule_hash"
)
