#include "base/error.h"

#include <stdarg.h>
#include <string.h>

static const struct jz_error_info infos[] = {
    { JZ_OK, 200, "ok", "成功", "成功", "Done." },
    { JZ_E_USAGE, 400, "bad_request", "请求有误，请按提示改正。", "請求有誤，請按提示改正。",
      "The request is not right; please correct it as described." },
    { JZ_E_NOT_FOUND, 404, "not_found", "没有找到。", "沒有找到。", "It was not found." },
    { JZ_E_IO, 503, "storage_failed", "系统暂时无法读写，请稍后再试。",
      "系統暫時無法讀寫，請稍後再試。", "The system cannot read or write now; try again later." },
    { JZ_E_FORMAT, 422, "bad_format", "文件内容无法识别。", "檔案內容無法識別。",
      "The content cannot be read." },
    { JZ_E_LIMIT, 413, "too_large", "超过允许的大小。", "超過允許的大小。",
      "It is larger than allowed." },
    { JZ_E_UNSUPPORTED, 422, "unsupported", "不支持这种内容。", "不支援這種內容。",
      "This kind of content is not supported." },
    { JZ_E_INTEGRITY, 409, "integrity", "校验不符，已拒绝。", "校驗不符，已拒絕。",
      "The checksum does not match; it was refused." },
    { JZ_E_MEMORY, 503, "out_of_memory", "系统繁忙，请稍后再试。", "系統繁忙，請稍後再試。",
      "The system is busy; try again later." },
    { JZ_E_CONFLICT, 409, "conflict", "已经存在，或刚被他人修改。", "已經存在，或剛被他人修改。",
      "It exists already, or somebody changed it meanwhile." },
    { JZ_E_BUSY, 503, "busy", "系统繁忙，请稍后再试。", "系統繁忙，請稍後再試。",
      "The system is busy; try again in a moment." },
    { JZ_E_DENIED, 403, "denied", "没有权限，或规定不允许。", "沒有權限，或規定不允許。",
      "That is not permitted." },
    { JZ_E_INTERNAL, 500, "internal", "系统内部错误，请联系工作人员。",
      "系統內部錯誤，請聯絡工作人員。", "An internal error; please tell the staff." },
};

const struct jz_error_info *jz_error_info(int code)
{
    const size_t n = sizeof infos / sizeof infos[0];
    for (size_t i = 0; i < n; i++)
        if (infos[i].code == code)
            return &infos[i];
    return &infos[n - 1];
}

int jz_error_set(struct jz_error *err, int code, const char *format, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, format);
        err->code = code;
        vsnprintf(err->text, sizeof err->text, format, ap);
        va_end(ap);
    }
    return code;
}

void jz_error_prefix(struct jz_error *err, const char *format, ...)
{
    if (!err)
        return;
    char tail[JZ_ERROR_TEXT_BYTES];
    memcpy(tail, err->text, sizeof tail);
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(err->text, sizeof err->text, format, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->text - 1)
        snprintf(err->text + n, sizeof err->text - (size_t)n, ": %.*s",
                 (int)(sizeof err->text - (size_t)n - 3), tail);
}
