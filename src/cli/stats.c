#include "cli/cli.h"

#include <math.h>

/* Regularised incomplete beta function by its continued fraction (Lentz's method). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= 10000; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int k = 0; k < 2; k++) {
            const double n = k ? odd : even;
            d = 1 + n * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + n / c;
            c = fabs(c) < tiny ? tiny : c;
            h *= c * d;
        }
        if (fabs(c * d - 1) < 1e-12)
            break;
    }
    return h;
}

static double beta_cdf(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x >= 1;
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

static double beta_quantile(double a, double b, double p)
{
    double low = 0, high = 1;
    for (int i = 0; i < 100; i++) {
        const double middle = (low + high) / 2;
        if (beta_cdf(a, b, middle) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

void binomial_bounds(uint64_t hits, uint64_t total, double *ret_low, double *ret_high)
{
    const double k = (double)hits, n = (double)total;
    *ret_low = hits == 0 || total == 0 ? 0 : beta_quantile(k, n - k + 1, 0.025);
    *ret_high = hits == total || total == 0 ? 1 : beta_quantile(k + 1, n - k, 0.975);
}
