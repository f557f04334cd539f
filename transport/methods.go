package transport

// EndpointName is the target of an agent's requests.
const EndpointName = "endpoint"

// The methods that the agent calls.
const (
	MethodHello     = "handshake.hello"
	MethodHeartbeat = "heartbeat.post"
	MethodPost      = "check_metrics.post"
	MethodPostMulti = "check_metrics.post_multi"
	MethodSchedule  = "check_schedule.get"
	MethodReceipt   = "results.receipt"
	MethodBundle    = "bundle.post"
	// MethodBundleVersion asks which version of its bundle of scripts the agent is to have.
	MethodBundleVersion = "bundle_upgrade.get_version"
	// MethodProgramsVersion asks which version of its programs the agent is to have.
	MethodProgramsVersion = "binary_upgrade.get_version"
)

// The methods that the endpoint calls.
const (
	MethodScheduleChanged = "check_schedule.changed"
	MethodSystemInfo      = "system.info"
	MethodCheckTest       = "check.test"
	MethodCheckTargets    = "check.targets"
	MethodHostInfo        = "host_info.get"
	MethodHostInfoTypes   = "host_info_types.get"
	// MethodBundleAvailable says that another version of the bundle is there, MethodProgramAvailable and
	// MethodUpgrade the same of the program.
	MethodBundleAvailable  = "bundle_upgrade.available"
	MethodProgramAvailable = "binary_upgrade.available"
	MethodUpgrade          = "upgrade.request"
)

// The features that a side may announce in hello.
const (
	FeaturePipelining   = "pipelining"
	FeatureResultID     = "result_id"
	FeatureScheduleHash = "schedule_hash"
	FeatureReceipt      = "receipt"
	FeatureAgentKey     = "agent_key"
	FeatureBundle       = "bundle"
	// FeaturePostMulti is [MethodPostMulti] with a list of results, FeaturePostMultiLZ4 the same with the
	// list compressed.
	FeaturePostMulti    = "post_multi"
	FeaturePostMultiLZ4 = "post_multi_lz4"
	// FeatureBundleUpgrade means that the agent renews its bundle of scripts when the endpoint says so.
	FeatureBundleUpgrade = "bundle_upgrade"
)
