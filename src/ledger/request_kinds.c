/* Every kind of request as data: its fields, their limits, and where it goes from each state. */
#include "ledger/request.h"

#include "store/person.h"

#define BIT(state) (1u << JZ_REQUEST_##state)
#define ANSWERED                                                                                   \
    {                                                                                              \
        [JZ_REQUEST_OPEN] = BIT(ASSIGNED) | BIT(DONE) | BIT(REFUSED) | BIT(WITHDRAWN),             \
        [JZ_REQUEST_ASSIGNED] = BIT(ASSIGNED) | BIT(DONE) | BIT(REFUSED) | BIT(WITHDRAWN),         \
    }
/* Nobody is visited or called before somebody has the appointment. */
#define APPOINTED                                                                                  \
    {                                                                                              \
        [JZ_REQUEST_OPEN] = BIT(ASSIGNED) | BIT(REFUSED) | BIT(WITHDRAWN),                         \
        [JZ_REQUEST_ASSIGNED] = BIT(ASSIGNED) | BIT(DONE) | BIT(REFUSED) | BIT(WITHDRAWN),         \
    }

enum { ONE_LINE = 200, SOME_LINES = 600 };

static const char *const correctable[] = { "name",    "document", "phone", "address",
                                           "born_on", "sex",      "other", NULL };
static const char *const places[] = { "home", "hospital", "care_home", "elsewhere", NULL };
static const char *const relations[] = { "spouse",   "child",  "grandchild", "parent", "sibling",
                                         "relative", "friend", "carer",      "other",  NULL };
static const char *const moves[] = { "moved", "long_term", NULL };

/* clang-format off: a line a field */
const struct jz_request_field jz_request_common[] = {
    { "note", JZ_FIELD_LINES, false, true, SOME_LINES, NULL, "anything else a clerk should know" },
    { "helper", JZ_FIELD_TEXT, false, true, JZ_PERSON_NAME_MAX, NULL, "the name of whoever helps" },
    { NULL },
};

#define PHONE                                                                                      \
    {                                                                                              \
        "phone", JZ_FIELD_PHONE, true, true, 0, NULL, "where to call about the day"                \
    }
#define DAYS                                                                                       \
    {                                                                                              \
        "days", JZ_FIELD_DAYS, true, false, 0, NULL, "the days that suit"                          \
    }
#define SEEN_BEACON                                                                                \
    {                                                                                              \
        "beacon", JZ_FIELD_BEACON, false, false, 0, NULL, "the beacon on the paper in the picture" \
    }

const struct jz_request_kind_info jz_request_kinds[JZ_REQUEST_KINDS] = {
    [JZ_REQUEST_CORRECTION] = {
        .fields = {
            { "field", JZ_FIELD_WORD, true, false, 0, correctable, "what is wrong" },
            { "value", JZ_FIELD_TEXT, true, true, JZ_PERSON_ADDRESS_MAX, NULL,
              "what it should say" },
        },
        .evidence = -1, .files = 4, .next = ANSWERED,
    },
    [JZ_REQUEST_OBJECTION] = {
        .fields = {
            { "subject", JZ_FIELD_FACT, true, false, 0, NULL,
              "the number of the decision or of the evidence" },
            { "reason", JZ_FIELD_LINES, true, true, SOME_LINES, NULL, "why it is wrong" },
        },
        .evidence = -1, .files = 6, .next = ANSWERED,
    },
    [JZ_REQUEST_VISIT] = {
        .fields = {
            { "address", JZ_FIELD_TEXT, true, true, JZ_PERSON_ADDRESS_MAX, NULL,
              "where the person is" },
            DAYS, PHONE,
            { "reason", JZ_FIELD_LINES, true, true, SOME_LINES, NULL, "why somebody has to come" },
            { "place", JZ_FIELD_WORD, false, false, 0, places, "what is there" },
        },
        .evidence = JZ_EV_HOME_VISIT, .by_appointment = true, .is_single = true, .files = 4,
        .alike = "phone", .next = APPOINTED,
    },
    [JZ_REQUEST_VIDEO_CALL] = {
        .fields = {
            DAYS, PHONE,
            { "reason", JZ_FIELD_LINES, false, true, SOME_LINES, NULL, "why by video" },
        },
        .evidence = JZ_EV_VIDEO_CALL, .by_appointment = true, .is_single = true, .files = 2,
        .alike = "phone", .next = APPOINTED,
    },
    [JZ_REQUEST_PROXY] = {
        .fields = {
            { "name", JZ_FIELD_TEXT, true, true, JZ_PERSON_NAME_MAX, NULL, "the proxy's name" },
            { "document", JZ_FIELD_DOCUMENT, true, true, 0, NULL,
              "the number of the proxy's identity document" },
            { "relation", JZ_FIELD_WORD, true, false, 0, relations, "what the proxy is to them" },
            { "phone", JZ_FIELD_PHONE, false, true, 0, NULL, "the proxy's phone" },
            SEEN_BEACON,
        },
        .evidence = JZ_EV_PROXY, .is_single = true, .files = JZ_REQUEST_FILES_MAX,
        .alike = "document", .next = ANSWERED,
    },
    [JZ_REQUEST_MATERIALS] = {
        .fields = { SEEN_BEACON },
        .evidence = JZ_EV_MATERIALS, .is_single = true, .files = JZ_REQUEST_FILES_MAX,
        .next = ANSWERED,
    },
    [JZ_REQUEST_RESIDENCE] = {
        .fields = {
            { "what", JZ_FIELD_WORD, true, false, 0, moves, "moved, or there for a long time" },
            { "residence", JZ_FIELD_RESIDENCE, true, false, 0, NULL, "where the person lives now" },
            { "since", JZ_FIELD_DATE, true, false, 0, NULL, "since when" },
            { "address", JZ_FIELD_TEXT, false, true, JZ_PERSON_ADDRESS_MAX, NULL, "the address" },
        },
        .evidence = -1, .is_single = true, .files = 4, .next = ANSWERED,
    },
    [JZ_REQUEST_DELETE_BIOMETRICS] = {
        .evidence = -1, .is_single = true, .next = ANSWERED,
    },
};

const struct jz_word jz_request_words[JZ_REQUEST_KINDS] = {
    [JZ_REQUEST_CORRECTION] = { "correction", "更正资料", "更正資料", "correction of data" },
    [JZ_REQUEST_OBJECTION] = { "objection", "异议", "異議", "objection" },
    [JZ_REQUEST_VISIT] = { "visit", "预约上门", "預約上門", "visit at home or in hospital" },
    [JZ_REQUEST_VIDEO_CALL] = { "video_call", "预约视频", "預約視訊", "video call" },
    [JZ_REQUEST_PROXY] = { "proxy", "委托他人办理", "委託他人辦理", "proxy" },
    [JZ_REQUEST_MATERIALS] = { "materials", "提交材料", "提交材料", "materials" },
    [JZ_REQUEST_RESIDENCE] = { "residence", "居住地变更", "居住地變更", "change of residence" },
    [JZ_REQUEST_DELETE_BIOMETRICS] = { "delete_biometrics", "删除人脸信息", "刪除人臉資訊",
                                       "deletion of the face data" },
};

const struct jz_word jz_request_state_words[JZ_REQUEST_STATES] = {
    [JZ_REQUEST_OPEN] = { "open", "待受理", "待受理", "waits for a clerk" },
    [JZ_REQUEST_ASSIGNED] = { "assigned", "已安排", "已安排", "a clerk has it" },
    [JZ_REQUEST_DONE] = { "done", "已办结", "已辦結", "done" },
    [JZ_REQUEST_REFUSED] = { "refused", "不予办理", "不予辦理", "refused" },
    [JZ_REQUEST_WITHDRAWN] = { "withdrawn", "已撤回", "已撤回", "withdrawn" },
};
/* clang-format on */
