/*
 * Made subjects: clips drawn from one still photograph, for what no recorded clip shows. What is
 * found in them says how the program takes a made motion; it does not replace living people.
 *
 * Two kinds. A flat subject is the photograph as an attacker moves it before a camera: turned,
 * bent, brought nearer. A head subject moves in the photograph, on the 478 points of the mesh,
 * before a background that stays. Everything is a function of its arguments alone.
 */
#pragma once

#include "face/engine.h"

/* How the photograph is held; all zero: filling the camera's view, as it was taken. */
struct flat_pose {
    float shift_x, shift_y; /* parts of the picture's width */
    float nearer;           /* 0.5: half as large again */
    float roll_deg;         /* in its own plane */
    float yaw_deg;          /* about the vertical axis */
    float pitch_deg;        /* about the horizontal axis */
    float bend_x, bend_y;   /* angle in degrees that one face's width, or height, is bent by */
};

/* What the head does; all zero: nothing. */
struct head_pose {
    float yaw_deg;               /* positive: to the person's own left */
    float pitch_deg;             /* positive: up */
    float shut_right, shut_left; /* 1: lids shut */
    float mouth;                 /* height of the opening over the width of the mouth */
};

struct subject;

/* Borrows nothing; asserts that a face is in the still. */
struct subject *subject_new(const struct jz_image *still, const struct jz_landmarks *landmarks);
void subject_free(struct subject *s);

void subject_draw_flat(struct subject *s, const struct flat_pose *pose, struct jz_image *ret);
void subject_draw_head(struct subject *s, const struct head_pose *pose, struct jz_image *ret);

/* What a camera adds: grain that differs from frame to frame, and the loss of a JPEG. */
void subject_add_noise(struct jz_decoder *decoder, struct jz_image *image, unsigned seed);

/* Smoothly from 0 to 1 and back in the middle of a course, as `part` of it goes from 0 to 1. */
float out_and_back(float part);
