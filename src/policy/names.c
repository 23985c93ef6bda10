#include "policy/policy.h"

const struct jz_word jz_cycle_names[JZ_CYCLE_KINDS] = {
    [JZ_CYCLE_ROLLING_MONTHS] = { "rolling_months" },
    [JZ_CYCLE_ROLLING_DAYS] = { "rolling_days" },
    [JZ_CYCLE_CALENDAR_YEAR] = { "calendar_year" },
    [JZ_CYCLE_CALENDAR_AND_ROLLING] = { "calendar_and_rolling" },
    [JZ_CYCLE_HALF_YEAR] = { "half_year" },
    [JZ_CYCLE_BIRTH_MONTH] = { "birth_month" },
    [JZ_CYCLE_WINDOW] = { "window" },
};

const struct jz_word jz_count_from_names[JZ_COUNT_FROMS] = {
    [JZ_COUNT_FROM_DAY] = { "day" },
    [JZ_COUNT_FROM_NEXT_MONTH] = { "next_month" },
};

const struct jz_word jz_resume_names[JZ_RESUME_WHENS] = {
    [JZ_RESUME_NEXT_MONTH] = { "next_month" },
    [JZ_RESUME_SAME_MONTH_IF_OPEN] = { "same_month_if_open" },
    [JZ_RESUME_OFF_CYCLE] = { "off_cycle" },
};

/* In the order of the bits of enum jz_face_action. */
const struct jz_word jz_action_names[JZ_FACE_ACTIONS] = {
    { "blink" }, { "mouth_open" }, { "turn_left" }, { "turn_right" }, { "nod" }, { "digits" },
};

const struct jz_word jz_pay_names[JZ_SPECIAL_PAYS] = {
    [JZ_PAY_CONTINUES] = { "continue" },
    [JZ_PAY_STOPS] = { "stop" },
};

const struct jz_word jz_special_resume_names[JZ_SPECIAL_RESUMES] = {
    [JZ_SPECIAL_RESUME_NEVER] = { "never" },
    [JZ_SPECIAL_RESUME_SAME_MONTH] = { "same_month" },
    [JZ_SPECIAL_RESUME_NEXT_MONTH] = { "next_month" },
};

const struct jz_word jz_rate_names[JZ_SPECIAL_RATES] = {
    [JZ_RATE_CURRENT] = { "current" },
    [JZ_RATE_OLD] = { "old" },
};

const struct jz_word jz_arrears_names[JZ_SPECIAL_ARREARS_KINDS] = {
    [JZ_ARREARS_NONE] = { "none" },
    [JZ_ARREARS_OLD_RATE] = { "old_rate" },
    [JZ_ARREARS_WITH_INCREASES] = { "with_increases" },
};
