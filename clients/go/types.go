// Code generated from docs/api/openapi.json by "npm run openapi"; DO NOT EDIT.

package discue

type AcknowledgeMessagesRequest struct {
	Receipts []string `json:"receipts"`
}

type AcknowledgeMessagesResult struct {
	Acknowledged int64 `json:"acknowledged"`
	// receipts of leases that were over
	Lost  []string `json:"lost"`
	Links SelfLink `json:"_links"`
}

type AdvanceClockRequest struct {
	// how far to go, in milliseconds
	Ms int64 `json:"ms"`
}

type AdvanceClockResult struct {
	Clock AdvanceClockResultClock `json:"clock"`
	Links SelfLink                `json:"_links"`
}

type AdvanceClockResultClock struct {
	// milliseconds since the Unix epoch
	Now int64 `json:"now"`
}

type APIClient struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Limits Limits `json:"limits"`
	// milliseconds since the Unix epoch
	CreatedAt int64 `json:"created_at"`
	// milliseconds since the Unix epoch
	UpdatedAt int64 `json:"updated_at"`
	// the one that the root key belongs to
	Root bool `json:"root,omitzero"`
}

type APIClientEnvelope struct {
	APIClient APIClient `json:"api_client"`
	Links     SelfLink  `json:"_links"`
}

type APIClientList struct {
	APIClients []APIClientRef         `json:"api_clients"`
	Embedded   *APIClientListEmbedded `json:"_embedded,omitzero"`
	Links      Links                  `json:"_links"`
}

type APIClientListEmbedded struct {
	APIClients []APIClient `json:"api_clients"`
}

type APIClientRef struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
}

type APIKey struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID string `json:"id"`
	// its id where it was given none
	Name string `json:"name"`
	// milliseconds since the Unix epoch
	CreatedAt int64 `json:"created_at"`
	// milliseconds since the Unix epoch
	UpdatedAt int64 `json:"updated_at"`
	// milliseconds since the Unix epoch
	LastUsedAt *int64 `json:"last_used_at"`
	// the first 3 characters
	Key    string        `json:"key"`
	Status string        `json:"status"`
	Scopes []APIKeyScope `json:"scopes"`
	Owner  bool          `json:"owner,omitzero"`
}

type APIKeyEnvelope struct {
	APIKey APIKey   `json:"api_key"`
	Links  SelfLink `json:"_links"`
}

type APIKeyList struct {
	APIKeys  []APIKeyRef         `json:"api_keys"`
	Embedded *APIKeyListEmbedded `json:"_embedded,omitzero"`
	Links    Links               `json:"_links"`
}

type APIKeyListEmbedded struct {
	APIKeys []APIKey `json:"api_keys"`
}

type APIKeyRef struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
}

type APIKeyScope struct {
	Resource string `json:"resource"`
	Access   string `json:"access"`
	Targets  any    `json:"targets"`
}

type Attempt struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ListenerID string `json:"listener_id"`
	// counts from 1 for each message and listener
	Number int64 `json:"number"`
	// milliseconds since the Unix epoch
	StartedAt int64 `json:"started_at"`
	// milliseconds
	Duration int64 `json:"duration"`
	// of the answer, where there was one
	Status int64 `json:"status,omitzero"`
	// why there was no answer that could be judged
	Error string `json:"error,omitzero"`
	// the first KiB of it; without an answer, what went wrong in words
	Response string `json:"response"`
}

type AttemptList struct {
	Attempts []Attempt `json:"attempts"`
	Links    Links     `json:"_links"`
}

type AuthType string

const (
	AuthTypeBasic  AuthType = "basic"
	AuthTypeBearer AuthType = "bearer"
	AuthTypeOauth2 AuthType = "oauth2"
)

// CatchUp: what becomes of due times at which no server was running: the newest runs while it is less than a minute past (none), the newest runs (last), or each runs (all)
type CatchUp string

const (
	CatchUpNone CatchUp = "none"
	CatchUpLast CatchUp = "last"
	CatchUpAll  CatchUp = "all"
)

type Check struct {
	// a delivery would be acknowledged
	Passed bool         `json:"passed"`
	Phases []CheckPhase `json:"phases"`
	// of the target, those that may be connected to
	Addresses []string `json:"addresses"`
	// of the answer, where there was one
	Status int64 `json:"status,omitzero"`
	// the first KiB of it; without an answer, what went wrong in words
	Response string `json:"response"`
}

type CheckListenerResult struct {
	Check Check    `json:"check"`
	Links SelfLink `json:"_links"`
}

type CheckPhase struct {
	Name string `json:"name"`
	// skipped: one before it failed; not_needed: an address needs no resolving, plain HTTP no TLS
	Verdict string `json:"verdict"`
	// milliseconds
	Duration int64 `json:"duration"`
	// why it failed, in the words of attempts
	Error string `json:"error,omitzero"`
	// the same in words
	Message string `json:"message,omitzero"`
}

// ClientStyle: of oauth2: client_id and client_secret in a header (the default), or in the body
type ClientStyle string

const (
	ClientStyleBasic ClientStyle = "basic"
	ClientStyleBody  ClientStyle = "body"
)

type CountRedeliveryResult struct {
	Count RedeliveryCount `json:"count"`
	Links Links           `json:"_links"`
}

type CreateAPIClientRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name   string        `json:"name"`
	Limits *LimitsChange `json:"limits,omitzero"`
}

type CreateAPIClientResult struct {
	APIClient APIClientRef `json:"api_client"`
	// its owner key, shown only here, not in a repeated answer
	APIKey string   `json:"api_key,omitzero"`
	Links  SelfLink `json:"_links"`
}

type CreateAPIKeyRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name   *string    `json:"name,omitzero"`
	Status *string    `json:"status,omitzero"`
	Scopes []NewScope `json:"scopes,omitzero"`
	Owner  *bool      `json:"owner,omitzero"`
}

type CreateAPIKeyResult struct {
	// the key, shown only here, not in a repeated answer
	APIKey string `json:"api_key,omitzero"`
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID string `json:"id"`
	// its id where it was given none
	Name  string   `json:"name"`
	Links SelfLink `json:"_links"`
}

type CreateDomainRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name string `json:"name"`
	// the name of a host, without scheme, port or path
	Hostname string `json:"hostname"`
	// of HTTPS; 443 unless told
	Port *int64 `json:"port,omitzero"`
}

type CreateListenerRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name string `json:"name"`
	// an absolute http or https URL without credentials; without one (or null) nothing is sent: messages wait to be pulled
	NotifyURL Field[string] `json:"notify_url,omitzero"`
	// an absolute http or https URL without credentials; asked with GET about every 30 s, and while that fails nothing is delivered
	LivenessURL Field[string] `json:"liveness_url,omitzero"`
	Retry       *RetryChange  `json:"retry,omitzero"`
	// milliseconds
	Timeout        *int64           `json:"timeout,omitzero"`
	MaxConcurrency *int64           `json:"max_concurrency,omitzero"`
	Status         *ListenerStatus  `json:"status,omitzero"`
	RateLimit      Field[RateLimit] `json:"rate_limit,omitzero"`
	Ordering       *Ordering        `json:"ordering,omitzero"`
	OnMissed       *OnMissed        `json:"on_missed,omitzero"`
	Method         *DeliveryMethod  `json:"method,omitzero"`
	// false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
	CircuitBreaker *bool `json:"circuit_breaker,omitzero"`
	// must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
	Signature any `json:"signature,omitzero"`
	// sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
	Headers map[string]string   `json:"headers,omitzero"`
	Auth    Field[ListenerAuth] `json:"auth,omitzero"`
	Tls     Field[ListenerTls]  `json:"tls,omitzero"`
	// which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
	Filter     Field[map[string]any] `json:"filter,omitzero"`
	Secret     *string               `json:"secret,omitzero"`
	PrivateKey *string               `json:"private_key,omitzero"`
}

type CreateListenerResult struct {
	Listener CreatedListener `json:"listener"`
	Links    SelfLink        `json:"_links"`
}

type CreateMessageRequest struct {
	// at most 256 KiB of UTF-8; required unless data_base64 is there
	Data *string `json:"data,omitzero"`
	// bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
	DataBase64 *string `json:"data_base64,omitzero"`
	// the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
	ContentType *string `json:"content_type,omitzero"`
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name *string `json:"name,omitzero"`
	// 1 to 128 characters; listeners with ordering by key go by it
	Key *string `json:"key,omitzero"`
	// when to deliver it, in milliseconds since the Unix epoch; a time that is over means now, one below 10^12 is refused as seconds
	DeliverAt *int64 `json:"deliver_at,omitzero"`
	// milliseconds from now, instead of deliver_at
	Delay *int64 `json:"delay,omitzero"`
	// when it expires, in milliseconds since the Unix epoch: a delivery that is not under way by then is never made. It must be later than the time at which the message is due, by at most 366 days
	ExpiresAt *int64 `json:"expires_at,omitzero"`
	// milliseconds from the time at which it is due, instead of expires_at
	ExpiresIn *int64 `json:"expires_in,omitzero"`
	// sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
	Headers map[string]string `json:"headers,omitzero"`
}

type CreateMessageResult struct {
	Message MessageRef `json:"message"`
	Links   SelfLink   `json:"_links"`
}

type CreateMessagesRequest struct {
	// must be an array of 1 to 1000 messages
	Messages []CreateMessageRequest `json:"messages"`
}

type CreateMessagesResult struct {
	Messages []MessageRef `json:"messages"`
	Links    SelfLink     `json:"_links"`
}

type CreateQueueRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name string `json:"name"`
	// a map of property to rule, or null for none
	Schema any `json:"schema,omitzero"`
	// messages are stored, and none is delivered until this is false
	Paused *bool `json:"paused,omitzero"`
}

type CreateRedeliveryRequest struct {
	// accepted then or later; however old where left out
	Since *int64 `json:"since,omitzero"`
	// accepted before then; up to now where left out
	Until *int64 `json:"until,omitzero"`
	// only deliveries that stand like this when their turn comes; missed unless told
	Status *string `json:"status,omitzero"`
	// whether what is scheduled, or waits for its next attempt, becomes due at once; else it keeps its time
	Now *bool `json:"now,omitzero"`
}

type CreateScheduleRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name string `json:"name"`
	// of each message: at most 256 KiB of UTF-8; required unless data_base64 is there
	Data *string `json:"data,omitzero"`
	// bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
	DataBase64 *string `json:"data_base64,omitzero"`
	// 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone
	Cron *string `json:"cron,omitzero"`
	// of cron and of a calendar period: the name of an IANA time zone; UTC unless told
	Timezone *string `json:"timezone,omitzero"`
	// the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
	ContentType Field[string] `json:"content_type,omitzero"`
	// the name of each message
	MessageName Field[string] `json:"message_name,omitzero"`
	// the key of each message, 1 to 128 characters; listeners with ordering by key go by it
	Key Field[string] `json:"key,omitzero"`
	// sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
	Headers Field[map[string]string] `json:"headers,omitzero"`
	// milliseconds after it is made, in which each message is delivered or expires
	ExpiresIn Field[int64] `json:"expires_in,omitzero"`
	// no due time lies before; inclusive
	StartsAt Field[int64] `json:"starts_at,omitzero"`
	// no due time lies behind; inclusive
	EndsAt Field[int64] `json:"ends_at,omitzero"`
	// a pause skips what falls into it
	Paused  *bool    `json:"paused,omitzero"`
	CatchUp *CatchUp `json:"catch_up,omitzero"`
	Overlap *Overlap `json:"overlap,omitzero"`
	// milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times
	Jitter *int64 `json:"jitter,omitzero"`
	// milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation
	Every any `json:"every,omitzero"`
	// once, in milliseconds since the Unix epoch
	At *int64 `json:"at,omitzero"`
}

type CreateScheduleRequestAt struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name string `json:"name"`
	// of each message: at most 256 KiB of UTF-8; required unless data_base64 is there
	Data *string `json:"data,omitzero"`
	// bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
	DataBase64 *string `json:"data_base64,omitzero"`
	// once, in milliseconds since the Unix epoch
	At int64 `json:"at"`
	// of cron and of a calendar period: the name of an IANA time zone; UTC unless told
	Timezone *string `json:"timezone,omitzero"`
	// the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
	ContentType Field[string] `json:"content_type,omitzero"`
	// the name of each message
	MessageName Field[string] `json:"message_name,omitzero"`
	// the key of each message, 1 to 128 characters; listeners with ordering by key go by it
	Key Field[string] `json:"key,omitzero"`
	// sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
	Headers Field[map[string]string] `json:"headers,omitzero"`
	// milliseconds after it is made, in which each message is delivered or expires
	ExpiresIn Field[int64] `json:"expires_in,omitzero"`
	// no due time lies before; inclusive
	StartsAt Field[int64] `json:"starts_at,omitzero"`
	// no due time lies behind; inclusive
	EndsAt Field[int64] `json:"ends_at,omitzero"`
	// a pause skips what falls into it
	Paused  *bool    `json:"paused,omitzero"`
	CatchUp *CatchUp `json:"catch_up,omitzero"`
	Overlap *Overlap `json:"overlap,omitzero"`
	// milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times
	Jitter *int64 `json:"jitter,omitzero"`
}

type CreateScheduleRequestCron struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name string `json:"name"`
	// of each message: at most 256 KiB of UTF-8; required unless data_base64 is there
	Data *string `json:"data,omitzero"`
	// bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
	DataBase64 *string `json:"data_base64,omitzero"`
	// 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone
	Cron string `json:"cron"`
	// of cron and of a calendar period: the name of an IANA time zone; UTC unless told
	Timezone *string `json:"timezone,omitzero"`
	// the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
	ContentType Field[string] `json:"content_type,omitzero"`
	// the name of each message
	MessageName Field[string] `json:"message_name,omitzero"`
	// the key of each message, 1 to 128 characters; listeners with ordering by key go by it
	Key Field[string] `json:"key,omitzero"`
	// sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
	Headers Field[map[string]string] `json:"headers,omitzero"`
	// milliseconds after it is made, in which each message is delivered or expires
	ExpiresIn Field[int64] `json:"expires_in,omitzero"`
	// no due time lies before; inclusive
	StartsAt Field[int64] `json:"starts_at,omitzero"`
	// no due time lies behind; inclusive
	EndsAt Field[int64] `json:"ends_at,omitzero"`
	// a pause skips what falls into it
	Paused  *bool    `json:"paused,omitzero"`
	CatchUp *CatchUp `json:"catch_up,omitzero"`
	Overlap *Overlap `json:"overlap,omitzero"`
	// milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times
	Jitter *int64 `json:"jitter,omitzero"`
}

type CreateScheduleRequestEvery struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name string `json:"name"`
	// of each message: at most 256 KiB of UTF-8; required unless data_base64 is there
	Data *string `json:"data,omitzero"`
	// bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
	DataBase64 *string `json:"data_base64,omitzero"`
	// milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation
	Every any `json:"every"`
	// of cron and of a calendar period: the name of an IANA time zone; UTC unless told
	Timezone *string `json:"timezone,omitzero"`
	// the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
	ContentType Field[string] `json:"content_type,omitzero"`
	// the name of each message
	MessageName Field[string] `json:"message_name,omitzero"`
	// the key of each message, 1 to 128 characters; listeners with ordering by key go by it
	Key Field[string] `json:"key,omitzero"`
	// sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
	Headers Field[map[string]string] `json:"headers,omitzero"`
	// milliseconds after it is made, in which each message is delivered or expires
	ExpiresIn Field[int64] `json:"expires_in,omitzero"`
	// no due time lies before; inclusive
	StartsAt Field[int64] `json:"starts_at,omitzero"`
	// no due time lies behind; inclusive
	EndsAt Field[int64] `json:"ends_at,omitzero"`
	// a pause skips what falls into it
	Paused  *bool    `json:"paused,omitzero"`
	CatchUp *CatchUp `json:"catch_up,omitzero"`
	Overlap *Overlap `json:"overlap,omitzero"`
	// milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times
	Jitter *int64 `json:"jitter,omitzero"`
}

type CreatedListener struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
	// with v1a: whpk_ and the base64 of the public key that verifies the signatures
	PublicKey string `json:"public_key,omitzero"`
	// shown only here, not in a repeated answer
	Secret string `json:"secret,omitzero"`
}

type Deleted struct {
	Links SelfLink `json:"_links"`
}

// DeliveryLatency: milliseconds from when a message was due to its acknowledgement, at most 10 % off
type DeliveryLatency struct {
	Count int64  `json:"count"`
	P50   *int64 `json:"p50"`
	P95   *int64 `json:"p95"`
	P99   *int64 `json:"p99"`
}

// DeliveryMethod: how a delivery is sent; GET carries no body, and its signature is that of an empty one
type DeliveryMethod string

const (
	DeliveryMethodPOST   DeliveryMethod = "POST"
	DeliveryMethodPUT    DeliveryMethod = "PUT"
	DeliveryMethodPATCH  DeliveryMethod = "PATCH"
	DeliveryMethodDELETE DeliveryMethod = "DELETE"
	DeliveryMethodGET    DeliveryMethod = "GET"
)

// DeliveryStatus: `expired` where the message expired, `discarded` where the listener was deleted before it had the message
type DeliveryStatus string

const (
	DeliveryStatusPending   DeliveryStatus = "pending"
	DeliveryStatusDelivered DeliveryStatus = "delivered"
	DeliveryStatusMissed    DeliveryStatus = "missed"
	DeliveryStatusExpired   DeliveryStatus = "expired"
	DeliveryStatusDiscarded DeliveryStatus = "discarded"
)

type Discard struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID string `json:"id,omitzero"`
	// deliveries that were ended so far, or that would be
	Matched int64 `json:"matched"`
	// whether all were looked at, and nothing of them is on its way any more; of a dry run, whether all were counted
	Done bool `json:"done"`
	// pending, scheduled, missed
	Status string `json:"status,omitzero"`
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ListenerID string `json:"listener_id,omitzero"`
	// milliseconds since the Unix epoch
	Since int64 `json:"since,omitzero"`
	// milliseconds since the Unix epoch
	Until    int64  `json:"until,omitzero"`
	Contains string `json:"contains,omitzero"`
	// milliseconds since the Unix epoch
	CreatedAt int64 `json:"created_at,omitzero"`
}

type DiscardEnvelope struct {
	Discard Discard  `json:"discard"`
	Links   SelfLink `json:"_links"`
}

type DiscardMessagesRequest struct {
	// only deliveries that stand like this when their turn comes; all that are not delivered unless told
	Status *string `json:"status,omitzero"`
	// only deliveries to this listener; to all where left out
	ListenerID *string `json:"listener_id,omitzero"`
	// accepted then or later; however old where left out
	Since *int64 `json:"since,omitzero"`
	// accepted before then; up to now where left out
	Until *int64 `json:"until,omitzero"`
	// must be a text of 1 to 1024 characters: only messages whose data contains exactly this
	Contains *string `json:"contains,omitzero"`
	// whether deliveries are only counted; nothing is changed, and the answer has no id
	DryRun *bool `json:"dry_run,omitzero"`
}

type DiscardedCounts struct {
	// with their message
	Deleted         int64 `json:"deleted"`
	ListenerDeleted int64 `json:"listener_deleted"`
	// missed, and removed by retention
	Retention int64 `json:"retention"`
	// the message expired before it was delivered
	Expired int64 `json:"expired"`
}

type Domain struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID       string `json:"id"`
	Name     string `json:"name"`
	Hostname string `json:"hostname"`
	// of HTTPS; 443 unless told
	Port int64 `json:"port"`
	// verified: listeners can be there
	Status string `json:"status"`
	// milliseconds since the Unix epoch
	VerifiedAt *int64 `json:"verified_at"`
	// milliseconds since the Unix epoch
	VerifiedUntil *int64      `json:"verified_until"`
	HTTPS         DomainHTTPS `json:"https"`
	// milliseconds since the Unix epoch
	CreatedAt int64 `json:"created_at"`
	// milliseconds since the Unix epoch
	UpdatedAt int64 `json:"updated_at"`
}

type DomainEnvelope struct {
	Domain Domain   `json:"domain"`
	Links  SelfLink `json:"_links"`
}

// DomainHTTPS: a file with this content at https://hostname:port/context_path/file_name verifies the domain
type DomainHTTPS struct {
	ContextPath string `json:"context_path"`
	FileName    string `json:"file_name"`
	FileContent string `json:"file_content"`
	// milliseconds since the Unix epoch
	CreatedAt int64 `json:"created_at"`
	// milliseconds since the Unix epoch
	ExpiresAt int64 `json:"expires_at"`
}

type DomainList struct {
	Domains  []DomainRef         `json:"domains"`
	Embedded *DomainListEmbedded `json:"_embedded,omitzero"`
	Links    Links               `json:"_links"`
}

type DomainListEmbedded struct {
	Domains []Domain `json:"domains"`
}

type DomainRef struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
}

type ExtendLeasesRequest struct {
	Receipts []string `json:"receipts"`
	// milliseconds from now until they are available again; may be less than what was left
	Lease int64 `json:"lease"`
}

type ExtendLeasesResult struct {
	Extended int64 `json:"extended"`
	// receipts of leases that were over
	Lost  []string `json:"lost"`
	Links SelfLink `json:"_links"`
}

type GetLedgerResult struct {
	Ledger Ledger   `json:"ledger"`
	Links  SelfLink `json:"_links"`
}

type GetSchemaResult struct {
	// a map of property to rule
	Schema any      `json:"schema"`
	Links  SelfLink `json:"_links"`
}

type LastAttempt struct {
	// counts from 1 for each message and listener
	Number int64 `json:"number"`
	// milliseconds since the Unix epoch
	StartedAt int64 `json:"started_at"`
	// milliseconds
	Duration int64 `json:"duration"`
	// of the answer, where there was one
	Status int64 `json:"status,omitzero"`
	// why there was no answer that could be judged
	Error string `json:"error,omitzero"`
	// the first KiB of it; without an answer, what went wrong in words
	Response string `json:"response"`
}

type Ledger struct {
	// milliseconds since the Unix epoch
	Since int64 `json:"since,omitzero"`
	// milliseconds since the Unix epoch
	Until int64 `json:"until,omitzero"`
	// the sum of all that follows
	Accepted  int64           `json:"accepted"`
	Delivered int64           `json:"delivered"`
	Pending   int64           `json:"pending"`
	Scheduled int64           `json:"scheduled"`
	Missed    int64           `json:"missed"`
	Discarded DiscardedCounts `json:"discarded"`
	// has neither an end nor a next step; must be 0
	Unaccounted int64 `json:"unaccounted"`
	// the first 100
	UnaccountedPairs []LedgerUnaccountedPair `json:"unaccounted_pairs"`
	Queues           []LedgerQueue           `json:"queues"`
}

type LedgerQueue struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
	// the sum of all that follows
	Accepted  int64           `json:"accepted"`
	Delivered int64           `json:"delivered"`
	Pending   int64           `json:"pending"`
	Scheduled int64           `json:"scheduled"`
	Missed    int64           `json:"missed"`
	Discarded DiscardedCounts `json:"discarded"`
	// has neither an end nor a next step; must be 0
	Unaccounted int64            `json:"unaccounted"`
	Listeners   []ListenerLedger `json:"listeners"`
}

type LedgerUnaccountedPair struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	QueueID string `json:"queue_id"`
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	MessageID string `json:"message_id"`
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ListenerID string `json:"listener_id"`
}

type LeftOutReason string

const (
	LeftOutReasonFilter LeftOutReason = "filter"
)

type Limits struct {
	// null means no limit
	Queues *int64 `json:"queues"`
	// null means no limit
	Listeners *int64 `json:"listeners"`
	// null means no limit
	APIKeys *int64 `json:"api_keys"`
	// null means no limit
	Schedules *int64 `json:"schedules"`
	// null means no limit
	StoredMessages *int64 `json:"stored_messages"`
	// null means no limit
	MessagesPerDay *int64 `json:"messages_per_day"`
	// null means no limit
	RequestsPerMinute *int64 `json:"requests_per_minute"`
}

type LimitsChange struct {
	// null means no limit
	Queues Field[int64] `json:"queues,omitzero"`
	// null means no limit
	Listeners Field[int64] `json:"listeners,omitzero"`
	// null means no limit
	APIKeys Field[int64] `json:"api_keys,omitzero"`
	// null means no limit
	Schedules Field[int64] `json:"schedules,omitzero"`
	// null means no limit
	StoredMessages Field[int64] `json:"stored_messages,omitzero"`
	// null means no limit
	MessagesPerDay Field[int64] `json:"messages_per_day,omitzero"`
	// null means no limit
	RequestsPerMinute Field[int64] `json:"requests_per_minute,omitzero"`
}

type Link struct {
	Href string `json:"href"`
}

type Links map[string]Link

type ListedDeliveryStatus string

const (
	ListedDeliveryStatusPending   ListedDeliveryStatus = "pending"
	ListedDeliveryStatusMissed    ListedDeliveryStatus = "missed"
	ListedDeliveryStatusDelivered ListedDeliveryStatus = "delivered"
)

type Listener struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID             string           `json:"id"`
	Name           string           `json:"name"`
	Liveness       ListenerLiveness `json:"liveness"`
	Messages       ListenerMessages `json:"messages"`
	NotifyURL      *string          `json:"notify_url"`
	LivenessURL    *string          `json:"liveness_url"`
	Retry          RetryPolicy      `json:"retry"`
	Timeout        int64            `json:"timeout"`
	MaxConcurrency int64            `json:"max_concurrency"`
	Status         ListenerStatus   `json:"status"`
	// true: nothing is sent to it until the domain of its URLs is verified
	AwaitsVerification bool           `json:"awaits_verification,omitzero"`
	RateLimit          *RateLimit     `json:"rate_limit"`
	Ordering           Ordering       `json:"ordering"`
	OnMissed           OnMissed       `json:"on_missed"`
	Method             DeliveryMethod `json:"method"`
	// false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
	CircuitBreaker bool `json:"circuit_breaker"`
	// must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
	Signature any `json:"signature"`
	// with v1a: whpk_ and the base64 of the public key that verifies the signatures
	PublicKey string `json:"public_key,omitzero"`
	// sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
	Headers map[string]string `json:"headers"`
	Auth    *ListenerAuth     `json:"auth"`
	Tls     *ListenerTls      `json:"tls"`
	// which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
	Filter map[string]any `json:"filter"`
}

type ListenerAttempt struct {
	Message MessageRef `json:"message"`
	// counts from 1 for each message and listener
	Number int64 `json:"number"`
	// milliseconds since the Unix epoch
	StartedAt int64 `json:"started_at"`
	// milliseconds
	Duration int64 `json:"duration"`
	// of the answer, where there was one
	Status int64 `json:"status,omitzero"`
	// why there was no answer that could be judged
	Error string `json:"error,omitzero"`
	// the first KiB of it; without an answer, what went wrong in words
	Response string `json:"response"`
}

type ListenerAttemptList struct {
	Attempts []ListenerAttempt `json:"attempts"`
	Links    Links             `json:"_links"`
}

// ListenerAuth: how deliveries say who sends them: by a user name and password (basic), by a token (bearer), or by a token that the server fetches with the client credentials grant (oauth2); each type has properties of its own
type ListenerAuth struct {
	Type AuthType `json:"type"`
	// of basic
	Username *string `json:"username,omitzero"`
	// of basic; write-only: answers show ***, and *** in a change keeps the value that is stored
	Password *string `json:"password,omitzero"`
	// of bearer; write-only: answers show ***, and *** in a change keeps the value that is stored
	Token *string `json:"token,omitzero"`
	// of oauth2
	TokenURL *string `json:"token_url,omitzero"`
	// of oauth2
	ClientID *string `json:"client_id,omitzero"`
	// of oauth2; write-only: answers show ***, and *** in a change keeps the value that is stored
	ClientSecret *string `json:"client_secret,omitzero"`
	// of oauth2
	Scopes []string `json:"scopes,omitzero"`
	// of oauth2
	Audience Field[string] `json:"audience,omitzero"`
	Style    *ClientStyle  `json:"style,omitzero"`
}

type ListenerDelivery struct {
	Message MessageRef           `json:"message"`
	Key     string               `json:"key,omitzero"`
	Status  ListedDeliveryStatus `json:"status"`
	// milliseconds since the Unix epoch
	AcceptedAt int64 `json:"accepted_at"`
	Attempts   int64 `json:"attempts"`
	// milliseconds since the Unix epoch
	NextAttemptAt *int64 `json:"next_attempt_at"`
	// milliseconds since the Unix epoch
	MissedAt int64 `json:"missed_at,omitzero"`
	// why it was given up
	Reason      string       `json:"reason,omitzero"`
	WaitsFor    *WaitReason  `json:"waits_for,omitzero"`
	Behind      *OrderHead   `json:"behind,omitzero"`
	LastAttempt *LastAttempt `json:"last_attempt,omitzero"`
}

type ListenerDeliveryList struct {
	Deliveries []ListenerDelivery `json:"deliveries"`
	Links      Links              `json:"_links"`
}

type ListenerEnvelope struct {
	Listener Listener `json:"listener"`
	Links    SelfLink `json:"_links"`
}

type ListenerLedger struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
	// milliseconds since the Unix epoch
	DeletedAt int64 `json:"deleted_at,omitzero"`
	// the sum of all that follows
	Accepted  int64           `json:"accepted"`
	Delivered int64           `json:"delivered"`
	Pending   int64           `json:"pending"`
	Scheduled int64           `json:"scheduled"`
	Missed    int64           `json:"missed"`
	Discarded DiscardedCounts `json:"discarded"`
	// has neither an end nor a next step; must be 0
	Unaccounted int64 `json:"unaccounted"`
}

type ListenerList struct {
	Listeners []ListenerRef         `json:"listeners"`
	Embedded  *ListenerListEmbedded `json:"_embedded,omitzero"`
	Links     Links                 `json:"_links"`
}

type ListenerListEmbedded struct {
	Listeners []Listener `json:"listeners"`
}

// ListenerLiveness: by checks of the liveness_url; without one by deliveries
type ListenerLiveness struct {
	State        LivenessState `json:"state"`
	SuccessCount int64         `json:"success_count"`
	// milliseconds since the Unix epoch
	LastSuccessAt     *int64 `json:"last_success_at"`
	FailureCount      int64  `json:"failure_count"`
	LastFailureStatus *int64 `json:"last_failure_status"`
	// milliseconds since the Unix epoch
	LastFailureAt  *int64  `json:"last_failure_at"`
	LastFailureMsg *string `json:"last_failure_msg"`
}

type ListenerMessages struct {
	AcknowledgedCount int64 `json:"acknowledged_count"`
	// milliseconds since the Unix epoch
	LastSuccessAt *int64 `json:"last_success_at"`
	// milliseconds since the Unix epoch
	LastFailureAt *int64   `json:"last_failure_at"`
	Missed        []string `json:"missed"`
	MissedCount   int64    `json:"missed_count"`
	// deliveries that still wait
	PendingCount int64 `json:"pending_count"`
}

type ListenerRef struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ListenerStatus: disabled: messages are stored, none is delivered
type ListenerStatus string

const (
	ListenerStatusEnabled  ListenerStatus = "enabled"
	ListenerStatusDisabled ListenerStatus = "disabled"
)

// ListenerTls: how TLS is spoken with the notify_url and the liveness_url
type ListenerTls struct {
	// the authorities that are trusted, in PEM, in place of the well-known ones
	Ca Field[string] `json:"ca,omitzero"`
	// the certificate that the server shows, in PEM, and behind it what leads to its authority
	Cert Field[string] `json:"cert,omitzero"`
	// the private key of cert, in PEM, without a passphrase; write-only: answers show ***, and *** in a change keeps it
	Key Field[string] `json:"key,omitzero"`
	// what is asked for, and what the certificate must be for, where it is not the host of the URL
	ServerName Field[string] `json:"server_name,omitzero"`
	// false: any certificate will do; only where the operator has set DISCUE_INSECURE_TLS=allowed
	Verify *bool `json:"verify,omitzero"`
}

type ListenerWithSecret struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID             string           `json:"id"`
	Name           string           `json:"name"`
	Liveness       ListenerLiveness `json:"liveness"`
	Messages       ListenerMessages `json:"messages"`
	NotifyURL      *string          `json:"notify_url"`
	LivenessURL    *string          `json:"liveness_url"`
	Retry          RetryPolicy      `json:"retry"`
	Timeout        int64            `json:"timeout"`
	MaxConcurrency int64            `json:"max_concurrency"`
	Status         ListenerStatus   `json:"status"`
	// true: nothing is sent to it until the domain of its URLs is verified
	AwaitsVerification bool           `json:"awaits_verification,omitzero"`
	RateLimit          *RateLimit     `json:"rate_limit"`
	Ordering           Ordering       `json:"ordering"`
	OnMissed           OnMissed       `json:"on_missed"`
	Method             DeliveryMethod `json:"method"`
	// false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
	CircuitBreaker bool `json:"circuit_breaker"`
	// must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
	Signature any `json:"signature"`
	// with v1a: whpk_ and the base64 of the public key that verifies the signatures
	PublicKey string `json:"public_key,omitzero"`
	// sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
	Headers map[string]string `json:"headers"`
	Auth    *ListenerAuth     `json:"auth"`
	Tls     *ListenerTls      `json:"tls"`
	// which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
	Filter map[string]any `json:"filter"`
	// where it was changed
	Secret string `json:"secret,omitzero"`
}

type ListenerWithSecretEnvelope struct {
	Listener ListenerWithSecret `json:"listener"`
	Links    SelfLink           `json:"_links"`
}

type LivenessChange struct {
	// milliseconds since the Unix epoch
	At    int64         `json:"at"`
	From  LivenessState `json:"from"`
	State LivenessState `json:"state"`
	// what had gone wrong
	Message string `json:"message,omitzero"`
}

type LivenessChangeList struct {
	Changes []LivenessChange `json:"changes"`
	Links   Links            `json:"_links"`
}

type LivenessState string

const (
	LivenessStateStable   LivenessState = "stable"
	LivenessStateUnstable LivenessState = "unstable"
	LivenessStateDown     LivenessState = "down"
	LivenessStateUnknown  LivenessState = "unknown"
)

type Message struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID string `json:"id"`
	// its id where it was given none
	Name string `json:"name"`
	Key  string `json:"key,omitzero"`
	// unless it is bytes
	Data string `json:"data,omitzero"`
	// of bytes
	DataBase64 string `json:"data_base64,omitzero"`
	// where one was given, and of bytes
	ContentType string `json:"content_type,omitzero"`
	// sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
	Headers map[string]string `json:"headers,omitzero"`
	// milliseconds since the Unix epoch
	CreatedAt int64 `json:"created_at"`
	// milliseconds since the Unix epoch
	DeliverAt int64 `json:"deliver_at"`
	// milliseconds since the Unix epoch
	ExpiresAt  int64             `json:"expires_at,omitzero"`
	Status     MessageStatus     `json:"status"`
	Deliveries []MessageDelivery `json:"deliveries"`
	// where one message is read: the listeners that were there and do not get it; none where it is left out
	LeftOut []MessageLeftOut `json:"left_out,omitzero"`
}

type MessageDelivery struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ListenerID string         `json:"listener_id"`
	Status     DeliveryStatus `json:"status"`
	Attempts   int64          `json:"attempts"`
	// milliseconds since the Unix epoch
	LastAttemptAt *int64 `json:"last_attempt_at"`
	// milliseconds since the Unix epoch
	NextAttemptAt *int64 `json:"next_attempt_at"`
}

type MessageEnvelope struct {
	Message Message  `json:"message"`
	Links   SelfLink `json:"_links"`
}

type MessageLeftOut struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ListenerID string        `json:"listener_id"`
	Reason     LeftOutReason `json:"reason"`
	// what the message is not that the filter asks for, as a JSON pointer into it; only while the filter is the one by which it was left out
	Failed string `json:"failed,omitzero"`
}

type MessageList struct {
	Messages []MessageRef         `json:"messages"`
	Embedded *MessageListEmbedded `json:"_embedded,omitzero"`
	Links    Links                `json:"_links"`
}

type MessageListEmbedded struct {
	Messages []Message `json:"messages"`
}

type MessageRef struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
}

type MessageStats struct {
	AggregatedAPIUsageEvents MessageStatsWindows    `json:"aggregated_api_usage_events"`
	Series                   []MessageStatsPeriod   `json:"series,omitzero"`
	Queues                   []MessageStatsQueue    `json:"queues,omitzero"`
	Listeners                []MessageStatsListener `json:"listeners,omitzero"`
	Links                    SelfLink               `json:"_links"`
}

type MessageStatsListener struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID              string          `json:"id"`
	Name            string          `json:"name"`
	DeliveryLatency DeliveryLatency `json:"delivery_latency"`
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	QueueID string                     `json:"queue_id"`
	Counts  MessageStatsListenerCounts `json:"counts"`
}

type MessageStatsListenerCounts struct {
	ListenerAdded         int64 `json:"listener_added"`
	ListenerUpdated       int64 `json:"listener_updated"`
	ListenerDeleted       int64 `json:"listener_deleted"`
	MessagePublishedOk    int64 `json:"message_published_ok"`
	MessagePublishedNotOk int64 `json:"message_published_not_ok"`
}

type MessageStatsPeriod struct {
	// milliseconds since the Unix epoch
	Start           int64           `json:"start"`
	Counts          UsageCounts     `json:"counts"`
	DeliveryLatency DeliveryLatency `json:"delivery_latency"`
}

type MessageStatsQueue struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID              string                  `json:"id"`
	Name            string                  `json:"name"`
	DeliveryLatency DeliveryLatency         `json:"delivery_latency"`
	Counts          MessageStatsQueueCounts `json:"counts"`
}

type MessageStatsQueueCounts struct {
	QueueAdded            int64 `json:"queue_added"`
	QueueUpdated          int64 `json:"queue_updated"`
	QueueDeleted          int64 `json:"queue_deleted"`
	ListenerAdded         int64 `json:"listener_added"`
	ListenerUpdated       int64 `json:"listener_updated"`
	ListenerDeleted       int64 `json:"listener_deleted"`
	MessageAdded          int64 `json:"message_added"`
	MessagePublishedOk    int64 `json:"message_published_ok"`
	MessagePublishedNotOk int64 `json:"message_published_not_ok"`
}

type MessageStatsWindows struct {
	Last24Hours UsageCounts `json:"last_24_hours"`
	Last1Hours  UsageCounts `json:"last_1_hours"`
	TodaySoFar  UsageCounts `json:"today_so_far"`
}

// MessageStatus: derived from the deliveries; `unrouted` where its queue had no listener when it was accepted, or none whose filter it fits, so that no listener gets it; `expired` where it expired before a listener had it; `discarded` where a listener was deleted before it had it
type MessageStatus string

const (
	MessageStatusScheduled MessageStatus = "scheduled"
	MessageStatusPending   MessageStatus = "pending"
	MessageStatusDelivered MessageStatus = "delivered"
	MessageStatusMissed    MessageStatus = "missed"
	MessageStatusExpired   MessageStatus = "expired"
	MessageStatusDiscarded MessageStatus = "discarded"
	MessageStatusUnrouted  MessageStatus = "unrouted"
)

type NewScope struct {
	Resource string `json:"resource"`
	Access   string `json:"access"`
	// must be "*", ["*"], or an array of at most 1000 ids
	Targets any `json:"targets"`
}

// OnMissed: what follows a missed message where the order counts
type OnMissed string

const (
	OnMissedContinue OnMissed = "continue"
	OnMissedBlock    OnMissed = "block"
)

// OrderHead: the message that comes before it in the order
type OrderHead struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	MessageID string `json:"message_id"`
	// it was missed, and blocks those behind it
	Missed bool `json:"missed"`
}

// Ordering: deliver in the order of acceptance: within the queue, or among messages of one key
type Ordering string

const (
	OrderingNone  Ordering = "none"
	OrderingQueue Ordering = "queue"
	OrderingKey   Ordering = "key"
)

// Overlap: whether a due time makes its message while the message of the one before it is still pending (allow), or is passed over (skip)
type Overlap string

const (
	OverlapAllow Overlap = "allow"
	OverlapSkip  Overlap = "skip"
)

type PreviewScheduleRequest struct {
	// 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone
	Cron *string `json:"cron,omitzero"`
	// of cron and of a calendar period: the name of an IANA time zone; UTC unless told
	Timezone *string `json:"timezone,omitzero"`
	// no due time lies before; inclusive
	StartsAt Field[int64] `json:"starts_at,omitzero"`
	// no due time lies behind; inclusive
	EndsAt Field[int64] `json:"ends_at,omitzero"`
	// milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation
	Every any `json:"every,omitzero"`
	// once, in milliseconds since the Unix epoch
	At *int64 `json:"at,omitzero"`
}

type PreviewScheduleRequestAt struct {
	// once, in milliseconds since the Unix epoch
	At int64 `json:"at"`
	// of cron and of a calendar period: the name of an IANA time zone; UTC unless told
	Timezone *string `json:"timezone,omitzero"`
	// no due time lies before; inclusive
	StartsAt Field[int64] `json:"starts_at,omitzero"`
	// no due time lies behind; inclusive
	EndsAt Field[int64] `json:"ends_at,omitzero"`
}

type PreviewScheduleRequestCron struct {
	// 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone
	Cron string `json:"cron"`
	// of cron and of a calendar period: the name of an IANA time zone; UTC unless told
	Timezone *string `json:"timezone,omitzero"`
	// no due time lies before; inclusive
	StartsAt Field[int64] `json:"starts_at,omitzero"`
	// no due time lies behind; inclusive
	EndsAt Field[int64] `json:"ends_at,omitzero"`
}

type PreviewScheduleRequestEvery struct {
	// milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation
	Every any `json:"every"`
	// of cron and of a calendar period: the name of an IANA time zone; UTC unless told
	Timezone *string `json:"timezone,omitzero"`
	// no due time lies before; inclusive
	StartsAt Field[int64] `json:"starts_at,omitzero"`
	// no due time lies behind; inclusive
	EndsAt Field[int64] `json:"ends_at,omitzero"`
}

type PreviewScheduleResult struct {
	// when it would be due, in English
	Words string `json:"words"`
	// the next ten due times; fewer where it ends
	NextRuns []int64  `json:"next_runs"`
	Links    SelfLink `json:"_links"`
}

type Problem struct {
	// the reason phrase of the status
	Title  string         `json:"title"`
	Status int64          `json:"status"`
	Detail string         `json:"detail,omitzero"`
	Errors []ProblemError `json:"errors,omitzero"`
}

type ProblemError struct {
	// a JSON pointer into the body, or the name of a parameter or header
	Path    string `json:"path"`
	Message string `json:"message"`
}

type PullMessagesRequest struct {
	// messages at most; 1 unless told
	Max *int64 `json:"max,omitzero"`
	// milliseconds to wait where there is no message; 0 unless told
	Wait *int64 `json:"wait,omitzero"`
	// milliseconds until they are available again; 30000 unless told
	Lease *int64 `json:"lease,omitzero"`
}

type PullMessagesResult struct {
	Messages []PulledMessage `json:"messages"`
	Links    SelfLink        `json:"_links"`
}

type PulledMessage struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID string `json:"id"`
	// its id where it was given none
	Name string `json:"name"`
	// unless it is bytes
	Data string `json:"data,omitzero"`
	// of bytes
	DataBase64 string `json:"data_base64,omitzero"`
	// where one was given, and of bytes
	ContentType string `json:"content_type,omitzero"`
	// those of the message
	Headers map[string]string `json:"headers,omitzero"`
	// for ack, nack and extend; worth something until the lease ends
	Receipt string `json:"receipt"`
	// which one this is, from 1
	Attempt int64 `json:"attempt"`
	// counts the messages of a listener that has an order
	Sequence int64 `json:"sequence,omitzero"`
}

type Queue struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
	// a map of property to rule
	Schema    any           `json:"schema,omitzero"`
	Listeners []ListenerRef `json:"listeners"`
	// milliseconds since the Unix epoch
	CreatedAt int64 `json:"created_at"`
	// milliseconds since the Unix epoch
	UpdatedAt int64 `json:"updated_at"`
	// messages are stored, and none is delivered until this is false
	Paused bool `json:"paused"`
	// deliveries that are neither acknowledged nor missed
	PendingCount int64 `json:"pending_count"`
}

type QueueEnvelope struct {
	Queue Queue `json:"queue"`
	Links Links `json:"_links"`
}

type QueueList struct {
	Queues   []QueueRef         `json:"queues"`
	Embedded *QueueListEmbedded `json:"_embedded,omitzero"`
	Links    Links              `json:"_links"`
}

type QueueListEmbedded struct {
	Queues []Queue `json:"queues"`
}

type QueueRef struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
}

type RateLimit struct {
	Requests int64 `json:"requests"`
	// milliseconds
	Per int64 `json:"per"`
}

type RedeliverMessageRequest struct {
	// must be an array of 1 to 1000 ids; all listeners that it was accepted for where left out
	ListenerIDs []string `json:"listener_ids,omitzero"`
	// whether what is scheduled, or waits for its next attempt, becomes due at once; else it keeps its time
	Now *bool `json:"now,omitzero"`
}

type Redelivery struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID string `json:"id"`
	// deliveries that were begun anew so far
	Matched int64 `json:"matched"`
	// whether all were looked at
	Done bool `json:"done"`
	// milliseconds since the Unix epoch
	Since int64 `json:"since,omitzero"`
	// milliseconds since the Unix epoch
	Until int64 `json:"until,omitzero"`
	// pending, delivered, missed or all
	Status string `json:"status"`
	// whether what was not due yet becomes due at once
	Now bool `json:"now"`
	// milliseconds since the Unix epoch
	CreatedAt int64 `json:"created_at"`
}

type RedeliveryCount struct {
	// deliveries, of those that this answer looked at
	Matched int64 `json:"matched"`
}

type RedeliveryEnvelope struct {
	Redelivery Redelivery `json:"redelivery"`
	Links      SelfLink   `json:"_links"`
}

type RetryChange struct {
	MaxAttempts *int64 `json:"max_attempts,omitzero"`
	// milliseconds
	InitialDelay *int64 `json:"initial_delay,omitzero"`
	// milliseconds
	MaxDelay   *int64   `json:"max_delay,omitzero"`
	Multiplier *float64 `json:"multiplier,omitzero"`
}

type RetryPolicy struct {
	MaxAttempts  int64   `json:"max_attempts"`
	InitialDelay int64   `json:"initial_delay"`
	MaxDelay     int64   `json:"max_delay"`
	Multiplier   float64 `json:"multiplier"`
}

type ReturnMessagesRequest struct {
	Receipts []string `json:"receipts"`
	// milliseconds; unless told, what the retry policy says
	Delay *int64 `json:"delay,omitzero"`
}

type ReturnMessagesResult struct {
	Returned int64 `json:"returned"`
	// receipts of leases that were over
	Lost  []string `json:"lost"`
	Links SelfLink `json:"_links"`
}

type RunScheduleResult struct {
	Message MessageRef `json:"message"`
	Links   SelfLink   `json:"_links"`
}

type Schedule struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	QueueID string `json:"queue_id"`
	Cron    string `json:"cron,omitzero"`
	Every   any    `json:"every,omitzero"`
	// milliseconds since the Unix epoch
	At       int64  `json:"at,omitzero"`
	Timezone string `json:"timezone"`
	// unless it is bytes
	Data string `json:"data,omitzero"`
	// of bytes
	DataBase64 string `json:"data_base64,omitzero"`
	// where one was given, and of bytes
	ContentType string            `json:"content_type,omitzero"`
	MessageName *string           `json:"message_name"`
	Key         *string           `json:"key"`
	Headers     map[string]string `json:"headers"`
	ExpiresIn   *int64            `json:"expires_in"`
	// milliseconds since the Unix epoch
	StartsAt *int64 `json:"starts_at"`
	// milliseconds since the Unix epoch
	EndsAt  *int64  `json:"ends_at"`
	Paused  bool    `json:"paused"`
	CatchUp CatchUp `json:"catch_up"`
	Overlap Overlap `json:"overlap"`
	Jitter  int64   `json:"jitter"`
	// milliseconds since the Unix epoch
	CreatedAt int64 `json:"created_at"`
	// milliseconds since the Unix epoch
	UpdatedAt int64 `json:"updated_at"`
	// the next five due times; with jitter, they run up to so much later
	NextRuns []int64 `json:"next_runs"`
	// milliseconds since the Unix epoch
	LastRunAt     *int64  `json:"last_run_at"`
	LastMessageID *string `json:"last_message_id"`
	RunCount      int64   `json:"run_count"`
	// why this server cannot read it; it makes no messages
	Error string `json:"error,omitzero"`
}

type ScheduleEnvelope struct {
	Schedule Schedule `json:"schedule"`
	Links    SelfLink `json:"_links"`
}

type ScheduleList struct {
	Schedules []ScheduleRef         `json:"schedules"`
	Embedded  *ScheduleListEmbedded `json:"_embedded,omitzero"`
	Links     Links                 `json:"_links"`
}

type ScheduleListEmbedded struct {
	Schedules []Schedule `json:"schedules"`
}

type ScheduleRef struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string `json:"id"`
	Name string `json:"name"`
}

type ScheduleRun struct {
	// milliseconds since the Unix epoch
	DueAt int64 `json:"due_at"`
	// milliseconds since the Unix epoch
	RanAt     int64   `json:"ran_at"`
	MessageID *string `json:"message_id"`
	// why it made no message
	Error   string       `json:"error,omitzero"`
	Skipped *SkippedRuns `json:"skipped,omitzero"`
}

type ScheduleRunList struct {
	Runs  []ScheduleRun `json:"runs"`
	Links Links         `json:"_links"`
}

type SelfLink struct {
	Self Link `json:"self"`
}

// SignatureVersion: v1: HMAC-SHA256 with a shared secret; v1a: Ed25519, which receivers verify by the public key alone
type SignatureVersion string

const (
	SignatureVersionV1  SignatureVersion = "v1"
	SignatureVersionV1a SignatureVersion = "v1a"
)

// SkippedRuns: due times that were passed over together, and why; due_at is the last
type SkippedRuns struct {
	Count int64 `json:"count"`
	// milliseconds since the Unix epoch
	First int64 `json:"first"`
	// milliseconds since the Unix epoch
	Last   int64  `json:"last"`
	Reason string `json:"reason"`
}

type UpdateAPIClientRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name      *string       `json:"name,omitzero"`
	Status    *string       `json:"status,omitzero"`
	Limits    *LimitsChange `json:"limits,omitzero"`
	ID        any           `json:"id,omitzero"`
	CreatedAt any           `json:"created_at,omitzero"`
	UpdatedAt any           `json:"updated_at,omitzero"`
	Root      any           `json:"root,omitzero"`
}

type UpdateAPIKeyRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name       *string    `json:"name,omitzero"`
	Status     *string    `json:"status,omitzero"`
	Scopes     []NewScope `json:"scopes,omitzero"`
	ID         any        `json:"id,omitzero"`
	CreatedAt  any        `json:"created_at,omitzero"`
	UpdatedAt  any        `json:"updated_at,omitzero"`
	LastUsedAt any        `json:"last_used_at,omitzero"`
	Key        any        `json:"key,omitzero"`
	Owner      any        `json:"owner,omitzero"`
}

type UpdateDomainRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name *string `json:"name,omitzero"`
	// the name of a host, without scheme, port or path
	Hostname *string `json:"hostname,omitzero"`
	// of HTTPS; 443 unless told
	Port          *int64 `json:"port,omitzero"`
	ID            any    `json:"id,omitzero"`
	Status        any    `json:"status,omitzero"`
	VerifiedAt    any    `json:"verified_at,omitzero"`
	VerifiedUntil any    `json:"verified_until,omitzero"`
	HTTPS         any    `json:"https,omitzero"`
	CreatedAt     any    `json:"created_at,omitzero"`
	UpdatedAt     any    `json:"updated_at,omitzero"`
}

type UpdateListenerRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name *string `json:"name,omitzero"`
	// an absolute http or https URL without credentials; without one (or null) nothing is sent: messages wait to be pulled
	NotifyURL Field[string] `json:"notify_url,omitzero"`
	// an absolute http or https URL without credentials; asked with GET about every 30 s, and while that fails nothing is delivered
	LivenessURL Field[string] `json:"liveness_url,omitzero"`
	Retry       *RetryChange  `json:"retry,omitzero"`
	// milliseconds
	Timeout        *int64           `json:"timeout,omitzero"`
	MaxConcurrency *int64           `json:"max_concurrency,omitzero"`
	Status         *ListenerStatus  `json:"status,omitzero"`
	RateLimit      Field[RateLimit] `json:"rate_limit,omitzero"`
	Ordering       *Ordering        `json:"ordering,omitzero"`
	OnMissed       *OnMissed        `json:"on_missed,omitzero"`
	Method         *DeliveryMethod  `json:"method,omitzero"`
	// false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
	CircuitBreaker *bool `json:"circuit_breaker,omitzero"`
	// must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
	Signature any `json:"signature,omitzero"`
	// sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
	Headers map[string]string   `json:"headers,omitzero"`
	Auth    Field[ListenerAuth] `json:"auth,omitzero"`
	Tls     Field[ListenerTls]  `json:"tls,omitzero"`
	// which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
	Filter             Field[map[string]any] `json:"filter,omitzero"`
	Secret             *string               `json:"secret,omitzero"`
	PrivateKey         *string               `json:"private_key,omitzero"`
	ID                 any                   `json:"id,omitzero"`
	PublicKey          any                   `json:"public_key,omitzero"`
	AwaitsVerification any                   `json:"awaits_verification,omitzero"`
	Liveness           any                   `json:"liveness,omitzero"`
	Messages           any                   `json:"messages,omitzero"`
}

type UpdateMessageRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name *string `json:"name,omitzero"`
	// when to deliver it, in milliseconds since the Unix epoch; a time that is over means now, one below 10^12 is refused as seconds
	DeliverAt   *int64 `json:"deliver_at,omitzero"`
	ID          any    `json:"id,omitzero"`
	Key         any    `json:"key,omitzero"`
	Data        any    `json:"data,omitzero"`
	DataBase64  any    `json:"data_base64,omitzero"`
	ContentType any    `json:"content_type,omitzero"`
	Headers     any    `json:"headers,omitzero"`
	CreatedAt   any    `json:"created_at,omitzero"`
	ExpiresAt   any    `json:"expires_at,omitzero"`
	Status      any    `json:"status,omitzero"`
	Deliveries  any    `json:"deliveries,omitzero"`
	LeftOut     any    `json:"left_out,omitzero"`
}

type UpdateQueueRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name *string `json:"name,omitzero"`
	// a map of property to rule, or null for none
	Schema any `json:"schema,omitzero"`
	// messages are stored, and none is delivered until this is false
	Paused       *bool `json:"paused,omitzero"`
	ID           any   `json:"id,omitzero"`
	Listeners    any   `json:"listeners,omitzero"`
	CreatedAt    any   `json:"created_at,omitzero"`
	UpdatedAt    any   `json:"updated_at,omitzero"`
	PendingCount any   `json:"pending_count,omitzero"`
}

type UpdateScheduleRequest struct {
	// 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
	Name *string `json:"name,omitzero"`
	// of each message: at most 256 KiB of UTF-8; required unless data_base64 is there
	Data *string `json:"data,omitzero"`
	// bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
	DataBase64 *string `json:"data_base64,omitzero"`
	// 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone
	Cron Field[string] `json:"cron,omitzero"`
	// milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation
	Every Field[any] `json:"every,omitzero"`
	// once, in milliseconds since the Unix epoch
	At Field[int64] `json:"at,omitzero"`
	// of cron and of a calendar period: the name of an IANA time zone; UTC unless told
	Timezone *string `json:"timezone,omitzero"`
	// the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
	ContentType Field[string] `json:"content_type,omitzero"`
	// the name of each message
	MessageName Field[string] `json:"message_name,omitzero"`
	// the key of each message, 1 to 128 characters; listeners with ordering by key go by it
	Key Field[string] `json:"key,omitzero"`
	// sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
	Headers Field[map[string]string] `json:"headers,omitzero"`
	// milliseconds after it is made, in which each message is delivered or expires
	ExpiresIn Field[int64] `json:"expires_in,omitzero"`
	// no due time lies before; inclusive
	StartsAt Field[int64] `json:"starts_at,omitzero"`
	// no due time lies behind; inclusive
	EndsAt Field[int64] `json:"ends_at,omitzero"`
	// a pause skips what falls into it
	Paused  *bool    `json:"paused,omitzero"`
	CatchUp *CatchUp `json:"catch_up,omitzero"`
	Overlap *Overlap `json:"overlap,omitzero"`
	// milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times
	Jitter        *int64 `json:"jitter,omitzero"`
	ID            any    `json:"id,omitzero"`
	QueueID       any    `json:"queue_id,omitzero"`
	CreatedAt     any    `json:"created_at,omitzero"`
	UpdatedAt     any    `json:"updated_at,omitzero"`
	NextRuns      any    `json:"next_runs,omitzero"`
	LastRunAt     any    `json:"last_run_at,omitzero"`
	LastMessageID any    `json:"last_message_id,omitzero"`
	RunCount      any    `json:"run_count,omitzero"`
	Error         any    `json:"error,omitzero"`
}

type UsageCounts struct {
	APIKeyAdded           int64 `json:"api_key_added"`
	APIKeyUpdated         int64 `json:"api_key_updated"`
	APIKeyDeleted         int64 `json:"api_key_deleted"`
	QueueAdded            int64 `json:"queue_added"`
	QueueUpdated          int64 `json:"queue_updated"`
	QueueDeleted          int64 `json:"queue_deleted"`
	ListenerAdded         int64 `json:"listener_added"`
	ListenerUpdated       int64 `json:"listener_updated"`
	ListenerDeleted       int64 `json:"listener_deleted"`
	MessageAdded          int64 `json:"message_added"`
	MessagePublishedOk    int64 `json:"message_published_ok"`
	MessagePublishedNotOk int64 `json:"message_published_not_ok"`
}

type UsageEvent struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID   string         `json:"id"`
	Type UsageEventType `json:"type"`
	// milliseconds since the Unix epoch
	StoredAt int64            `json:"stored_at"`
	Client   UsageEventClient `json:"client"`
	APIKey   *APIKeyRef       `json:"api_key,omitzero"`
	Queue    *QueueRef        `json:"queue,omitzero"`
	Listener *ListenerRef     `json:"listener,omitzero"`
	Message  *MessageRef      `json:"message,omitzero"`
	// why, where the server did it by itself
	Reason string `json:"reason,omitzero"`
}

type UsageEventClient struct {
	// 21 characters of 0-9 A-Z a-z, sorted by time of creation
	ID string `json:"id"`
}

type UsageEventList struct {
	Events []UsageEvent `json:"events"`
	Links  Links        `json:"_links"`
}

type UsageEventType string

const (
	UsageEventTypeAPIKeyAdded           UsageEventType = "api_key_added"
	UsageEventTypeAPIKeyUpdated         UsageEventType = "api_key_updated"
	UsageEventTypeAPIKeyDeleted         UsageEventType = "api_key_deleted"
	UsageEventTypeQueueAdded            UsageEventType = "queue_added"
	UsageEventTypeQueueUpdated          UsageEventType = "queue_updated"
	UsageEventTypeQueueDeleted          UsageEventType = "queue_deleted"
	UsageEventTypeListenerAdded         UsageEventType = "listener_added"
	UsageEventTypeListenerUpdated       UsageEventType = "listener_updated"
	UsageEventTypeListenerDeleted       UsageEventType = "listener_deleted"
	UsageEventTypeMessageAdded          UsageEventType = "message_added"
	UsageEventTypeMessagePublishedOk    UsageEventType = "message_published_ok"
	UsageEventTypeMessagePublishedNotOk UsageEventType = "message_published_not_ok"
)

// WaitReason: `disabled`: the listener is; `domain`: its domain is not verified; `paused`: its queue is; `order`: the message before it (`behind`); `lease`: a client has pulled it; `due`: its time; `retry`: the pause after a failed attempt; `pull`: a client that pulls it; `down`: the listener is down, or its circuit breaker open; `proxy`: the proxy of the server failed; `rate_limit`: the rate that the listener allows, or a `Retry-After` of its receiver; `concurrency`: attempts under way; `sending`: nothing.
type WaitReason string

const (
	WaitReasonDisabled    WaitReason = "disabled"
	WaitReasonDomain      WaitReason = "domain"
	WaitReasonPaused      WaitReason = "paused"
	WaitReasonOrder       WaitReason = "order"
	WaitReasonLease       WaitReason = "lease"
	WaitReasonDue         WaitReason = "due"
	WaitReasonRetry       WaitReason = "retry"
	WaitReasonPull        WaitReason = "pull"
	WaitReasonDown        WaitReason = "down"
	WaitReasonProxy       WaitReason = "proxy"
	WaitReasonRateLimit   WaitReason = "rate_limit"
	WaitReasonConcurrency WaitReason = "concurrency"
	WaitReasonSending     WaitReason = "sending"
)
